// SPDX-License-Identifier: Apache-2.0
// Where the lanes of a warp read and write: addresses checked against bounds and alignment, and counted.
#pragma once
#include "test/fake_cuda/machine/Warp.h"

namespace fake_cuda {

enum class Space : uint8_t { Generic, Global, Shared, Local, Parameter };

struct LaneAddresses {
  uint64_t address[32]; // generic addresses
  uint8_t *host[32];
};

/// The addresses of the lanes: base register, displacement, and the window of `space`.
void computeAddresses(Warp &warp, RegisterOffset base, unsigned baseBytes, int64_t displacement, Space space,
                      uint32_t lanes, LaneAddresses &result);

/// Resolves `result.address` to the host's memory. `bytes` is what a lane accesses; its address must be a multiple of
/// it.
void resolve(Warp &warp, uint32_t lanes, uint64_t bytes, LaneAddresses &result);

/// The accesses of `lanes` that are in shared memory; nothing when races are not detected.
void noteSharedReads(Warp &warp, const uint64_t (&addresses)[32], uint32_t lanes, uint64_t bytes);
void noteSharedWrites(Warp &warp, const uint64_t (&addresses)[32], uint32_t lanes, uint64_t bytes);

/// Counts a request; only when the launch counts traffic.
void countRequest(Warp &warp, const LaneAddresses &addresses, uint32_t lanes, uint64_t bytes);
void countShared(Warp &warp, const uint64_t (&addresses)[32], uint32_t lanes, uint64_t bytes);
void countGlobal(Warp &warp, const uint64_t (&addresses)[32], uint32_t lanes, uint64_t bytes);

} // namespace fake_cuda
