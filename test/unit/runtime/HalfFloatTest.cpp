// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)

#include <cmath>
#include <cstdint>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>

extern "C" {
_Float16 __truncsfhf2(float value);
_Float16 __truncdfhf2(double value);
float __extendhfsf2(_Float16 value);
double __extendhfdf2(_Float16 value);
}

namespace {

/// The value of f16 bits, by definition.
double halfValue(unsigned bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double magnitude = exponent == 31 ? (mantissa ? NAN : INFINITY)
                     : exponent     ? std::ldexp(1024 + mantissa, exponent - 25)
                                    : std::ldexp(mantissa, -24);
  return bits >> 15 ? -magnitude : magnitude;
}

uint16_t bitsOf(_Float16 value) {
  uint16_t bits;
  std::memcpy(&bits, &value, 2);
  return bits;
}

TEST(RuntimeHalfFloat, EveryValueWidensAndComesBack) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    uint16_t narrow = static_cast<uint16_t>(bits);
    _Float16 half;
    std::memcpy(&half, &narrow, 2);
    double expected = halfValue(bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(__extendhfsf2(half)) && std::isnan(__extendhfdf2(half)));
      ASSERT_TRUE(std::isnan(halfValue(bitsOf(__truncsfhf2(__extendhfsf2(half))))));
      continue;
    }
    ASSERT_EQ(__extendhfsf2(half), expected) << bits;
    ASSERT_EQ(std::signbit(__extendhfsf2(half)), bits >> 15) << bits;
    ASSERT_EQ(bitsOf(__truncsfhf2(static_cast<float>(expected))), bits);
    ASSERT_EQ(bitsOf(__truncdfhf2(expected)), bits);
  }
}

TEST(RuntimeHalfFloat, RoundsToNearestTiesToEven) {
  for (unsigned bits = 0; bits < 0x7bff; ++bits) {
    double low = halfValue(bits), high = halfValue(bits + 1), middle = (low + high) / 2;
    unsigned even = bits & 1 ? bits + 1 : bits;
    ASSERT_EQ(bitsOf(__truncdfhf2(middle)), even);
    ASSERT_EQ(bitsOf(__truncdfhf2(std::nextafter(middle, 0))), bits);
    ASSERT_EQ(bitsOf(__truncdfhf2(std::nextafter(middle, 1e9))), bits + 1);
    ASSERT_EQ(bitsOf(__truncsfhf2(static_cast<float>(middle))), even);
    ASSERT_EQ(bitsOf(__truncsfhf2(-std::nextafter(static_cast<float>(middle), 0.0f))), bits | 0x8000);
  }
  EXPECT_EQ(bitsOf(__truncdfhf2(65519.999)), 0x7bff);
  EXPECT_EQ(bitsOf(__truncdfhf2(65520.0)), 0x7c00) << "half way to the next power of two is infinity";
  EXPECT_EQ(bitsOf(__truncdfhf2(1e300)), 0x7c00);
  EXPECT_EQ(bitsOf(__truncdfhf2(std::numeric_limits<double>::denorm_min())), 0);
  EXPECT_EQ(bitsOf(__truncdfhf2(-1e-300)), 0x8000);
}

} // namespace

#endif
