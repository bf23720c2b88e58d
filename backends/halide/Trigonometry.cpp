// SPDX-License-Identifier: Apache-2.0
// Sine, cosine and tangent of floats: quarters of a turn are taken away exactly, whatever the size of the argument, and
// what is left is a polynomial's argument. Errors as in Math.cpp.
#include "backends/halide/Math.h"
#include <array>

using Halide::cast;
using Halide::Expr;
using Halide::reinterpret;
using Halide::select;

namespace dlc::halide::math {

namespace {
/// A finite number that is not negative: `quarters` quarters of a turn (modulo 4) and `rest`, in [-pi/4, pi/4].
struct ReducedAngle {
  Expr quarters; ///< UInt(32)
  Expr rest;     ///< Float(32)
};
} // namespace

static Expr word(uint32_t value) { return Halide::Internal::make_const(Halide::UInt(32), value); }

// Payne and Hanek's reduction: with x = m 2^(e - 23), m an integer of 24 bits, only 96 bits of 2/pi matter for
// x 2/pi modulo 4, those from bit e - 24 on (bit 1 is 1/2): the ones before give multiples of 4. Their product with m,
// modulo 2^96, counts in units of 2^-94 quarters. No float is so close to a multiple of a quarter turn that fewer than
// 24 bits of the rest would be right.
static ReducedAngle reduceAngle(const Expr &x) {
  // 2/pi, after 32 zeros for e < 25.
  constexpr std::array<uint32_t, 8> digits = {0,          0xA2F9836E, 0x4E441529, 0xFC2757D1,
                                              0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB};
  constexpr uint32_t firstExponent = 120; // biased, of the first bit of `digits`
  Expr bits = reinterpret<uint32_t>(x), exponent = bits >> word(23);
  Expr mantissa = (bits & word(0x7FFFFF)) | word(0x800000);
  // Larger exponents than those of numbers are those of infinity and NaN.
  Expr start = Halide::min(Halide::max(exponent, word(firstExponent)), word(254)) - word(firstExponent);
  Expr number = start >> word(5), shift = start & word(31);
  auto getDigits = [&](size_t offset) {
    Expr digit = word(digits[offset]);
    for (uint32_t i = 1; i <= 4; ++i)
      digit = select(number == word(i), word(digits[offset + i]), digit);
    return digit;
  };
  std::array<Expr, 4> found;
  for (size_t i = 0; i < found.size(); ++i)
    found[i] = getDigits(i);
  auto getWindow = [&](size_t i) { return (found[i] << shift) | ((found[i + 1] >> word(1)) >> (word(31) - shift)); };
  auto wide = [](const Expr &value) { return cast<uint64_t>(value); };
  Expr turns = (wide(mantissa * getWindow(0)) << wide(word(32))) + wide(mantissa) * wide(getWindow(1)) +
               ((wide(mantissa) * wide(getWindow(2))) >> wide(word(32)));
  // Now in units of 2^-62 quarters, modulo 2^64. The nearest multiple, and what is left as a signed number: its upper
  // half, and its lower half without the last bit.
  Expr upper = cast<uint32_t>(turns >> wide(word(32))), lower = cast<uint32_t>(turns);
  Expr quarters = (upper + word(1u << 29)) >> word(30);
  Expr high = reinterpret<int32_t>(upper - (quarters << word(30))), low = reinterpret<int32_t>(lower >> word(1));
  constexpr double unit = 1.57079632679489661923 / (1u << 30); // of `high`, in radians
  Expr rest = cast<float>((cast<double>(high) + cast<double>(low) * Expr(1.0 / (1u << 31))) * Expr(unit));
  Expr isSmall = x < 0.78539816f;
  return {select(isSmall, word(0), quarters), select(isSmall, x, rest)};
}

/// Sine and cosine of a number in [-pi/4, pi/4].
static Expr sineOfRest(const Expr &r) {
  Expr square = r * r;
  return polynomial(square, {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f}) * (square * r) + r;
}
static Expr cosineOfRest(const Expr &r) {
  Expr square = r * r;
  return polynomial(square, {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f}) *
             (square * square) -
         0.5f * square + 1.0f;
}

/// sin(x + turn quarters of a turn) for x >= 0, with the other sign if the highest bit of `sign` is set.
static Expr sineOfSize(const Expr &size, uint32_t turn, const Expr &sign) {
  ReducedAngle angle = reduceAngle(size);
  Expr quarters = angle.quarters + word(turn);
  Expr magnitude = select((quarters & word(1)) != word(0), cosineOfRest(angle.rest), sineOfRest(angle.rest));
  Expr flip = ((quarters & word(2)) << word(30)) ^ (sign & word(0x80000000));
  Expr result = reinterpret<float>(reinterpret<uint32_t>(magnitude) ^ flip);
  return strict_float(select(size < Expr(HUGE_VALF), result, size - size));
}

/// 1.0 ULP.
Expr sin(Expr x) {
  if (x.type().bits() == 64)
    return callLibm("sin", {x});
  return sineOfSize(magnitude(x), 0, reinterpret<uint32_t>(x));
}

/// 1.0 ULP.
Expr cos(Expr x) {
  if (x.type().bits() == 64)
    return callLibm("cos", {x});
  return sineOfSize(magnitude(x), 1, word(0));
}

/// 3.1 ULP.
Expr tan(Expr x) {
  if (x.type().bits() == 64)
    return callLibm("tan", {x});
  Expr size = magnitude(x);
  ReducedAngle angle = reduceAngle(size);
  Expr isOdd = (angle.quarters & word(1)) != word(0), sine = sineOfRest(angle.rest), cosine = cosineOfRest(angle.rest);
  // A quarter of a turn more gives -1 / tan.
  Expr ratio = select(isOdd, cosine, sine) / select(isOdd, sine, cosine);
  Expr flip = (angle.quarters << word(31)) ^ (reinterpret<uint32_t>(x) & word(0x80000000));
  Expr result = reinterpret<float>(reinterpret<uint32_t>(ratio) ^ flip);
  return strict_float(select(size < Expr(HUGE_VALF), result, size - size));
}

} // namespace dlc::halide::math
