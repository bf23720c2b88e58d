// SPDX-License-Identifier: Apache-2.0
// The fake's CUtensorMap: 128 bytes that cuTensorMapEncode... fills and bulk tensor copies read.
#pragma once
#include <cstdint>

namespace fake_cuda {

struct TensorMap {
  uint64_t magic = 0;
  uint64_t address = 0;
  uint64_t strides[4] = {}; // in bytes, of dimensions 1 to 4; dimension 0 is dense
  uint32_t extents[5] = {};
  uint32_t steps[5] = {}; // between elements of a box
  uint16_t box[5] = {};
  uint8_t rank = 0, elementBytes = 0;
  uint8_t swizzle = 0;  // 0 none, 1: 32, 2: 64, 3: 128 bytes
  uint8_t fillsNan = 0; // elements outside: NaN, otherwise zero
  uint8_t type = 0;     // CUtensorMapDataType
  uint8_t reserved[25] = {};

  static constexpr uint64_t expectedMagic = 0x70614d726f736e54;
};
static_assert(sizeof(TensorMap) == 128);

} // namespace fake_cuda
