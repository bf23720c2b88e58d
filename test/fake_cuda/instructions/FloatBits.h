// SPDX-License-Identifier: Apache-2.0
// Values of floating-point types as the hardware treats them: canonical NaN, flushed subnormal numbers, 16-bit formats.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace fake_cuda {

inline float floatFrom(uint32_t bits) { return std::bit_cast<float>(bits); }
inline uint32_t bitsOf(float value) { return std::bit_cast<uint32_t>(value); }

/// The NaN that arithmetic of 32 bits gives, whatever its operands carried.
inline float canonical(float x) { return x == x ? x : floatFrom(0x7fffffff); }
inline double canonical(double x) { return x; }

/// `.ftz`: subnormal numbers are zeros of their sign.
inline float flushed(float x) { return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x; }

/// `.sat`: into [0, 1]; NaN becomes 0.
inline float saturated(float x) { return x > 0 ? (x < 1 ? x : 1.0f) : 0.0f; }
inline double saturated(double x) { return x > 0 ? (x < 1 ? x : 1.0) : 0.0; }

inline float halfToFloat(uint16_t bits) { return static_cast<float>(std::bit_cast<_Float16>(bits)); }
inline uint16_t floatToHalf(float x) { return x == x ? std::bit_cast<uint16_t>(static_cast<_Float16>(x)) : 0x7fff; }
inline float bfloatToFloat(uint16_t bits) { return floatFrom(static_cast<uint32_t>(bits) << 16); }
inline uint16_t floatToBfloat(float x) {
  uint32_t bits = bitsOf(x);
  return x == x ? static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16) : 0x7fff;
}

} // namespace fake_cuda
