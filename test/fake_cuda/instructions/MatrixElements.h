// SPDX-License-Identifier: Apache-2.0
// Elements of the operands of matrix products.
#pragma once
#include "test/fake_cuda/instructions/FloatBits.h"
#include "test/fake_cuda/ptx/Type.h"
#include <cstring>

namespace fake_cuda {

/// Bytes of an element in a register or in memory.
inline unsigned elementBytes(Type type) { return type == Type::S8 || type == Type::U8 ? 1 : bytesOf(type); }

/// An element as f32, which holds each of these types exactly. Of TF32 operands the matrix unit reads the upper 19
/// bits.
inline float elementAt(Type type, const uint8_t *bytes) {
  uint16_t half = 0;
  uint32_t word = 0;
  switch (type) {
  case Type::F16:
    memcpy(&half, bytes, 2);
    return halfToFloat(half);
  case Type::BF16:
    memcpy(&half, bytes, 2);
    return bfloatToFloat(half);
  case Type::S8:
    return static_cast<float>(static_cast<int8_t>(*bytes));
  case Type::U8:
    return *bytes;
  default:
    memcpy(&word, bytes, 4);
    return floatFrom(word & ~0x1fffu);
  }
}

} // namespace fake_cuda
