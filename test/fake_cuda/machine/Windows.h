// SPDX-License-Identifier: Apache-2.0
// Generic addresses: everything below the windows is global memory.
#pragma once
#include <cstdint>

namespace fake_cuda {

// Addresses of device memory are the host's, moved out of what a host program can address: code of the host that
// follows a device pointer crashes, as it would with a real device.
constexpr uint64_t deviceBias = 1ull << 48;
constexpr uint64_t parameterWindow = 1ull << 56;
constexpr uint64_t localWindow = 2ull << 56;
constexpr uint64_t sharedWindow = 3ull << 56;
constexpr uint64_t windowBytes = 1ull << 32;

} // namespace fake_cuda
