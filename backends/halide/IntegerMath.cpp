// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/IntegerMath.h"

using Halide::cast;
using Halide::Expr;
using Halide::select;

namespace dlc::halide {

static Halide::Type unsignedOf(const Expr &x) { return Halide::UInt(x.type().bits()); }
static Expr zero(const Expr &x) { return Halide::Internal::make_zero(x.type()); }
static Expr one(const Expr &x) { return Halide::Internal::make_one(x.type()); }

Expr wrappingAdd(Expr a, Expr b) { return cast(a.type(), cast(unsignedOf(a), a) + cast(unsignedOf(a), b)); }
Expr wrappingSub(Expr a, Expr b) { return cast(a.type(), cast(unsignedOf(a), a) - cast(unsignedOf(a), b)); }
Expr wrappingMul(Expr a, Expr b) { return cast(a.type(), cast(unsignedOf(a), a) * cast(unsignedOf(a), b)); }

Expr wrappingAbs(Expr x) { return x.type().is_uint() ? x : select(x < zero(x), wrappingSub(zero(x), x), x); }

Expr truncatingDiv(Expr a, Expr b) {
  if (a.type().is_uint())
    return select(b == zero(b), zero(a), a / select(b == zero(b), one(b), b));
  Expr minusOne = Halide::Internal::make_const(b.type(), -1);
  Expr divisor = select(b == zero(b) || b == minusOne, one(b), b);
  return select(b == zero(b), zero(a), b == minusOne, wrappingSub(zero(a), a), Halide::div_round_to_zero(a, divisor));
}

Expr truncatingMod(Expr a, Expr b) {
  return select(b == zero(b), zero(a), wrappingSub(a, wrappingMul(truncatingDiv(a, b), b)));
}

Expr shift(Expr a, Expr b, bool left) {
  int width = a.type().bits();
  Expr amount = cast(unsignedOf(b), b);
  Expr isTooFar = amount >= Halide::Internal::make_const(amount.type(), width);
  Expr safe = select(isTooFar, zero(amount), amount);
  // Only copies of the sign bit are left of a negative number that is shifted out to the right.
  Expr rest = left || a.type().is_uint() ? zero(a) : a >> Halide::Internal::make_const(a.type(), width - 1);
  return select(isTooFar, rest, left ? a << safe : a >> safe);
}

Expr integerPow(Expr a, Expr b) {
  // By squaring, for exponents of 8 bits. Larger ones overflow for every base but 0, 1 and -1; with 254 or 255 in their
  // place these and all even bases (whose low bits are 0 by then) still give the right result.
  Expr exponent = cast(Halide::UInt(8), b);
  if (b.type().bits() > 8)
    exponent = select(cast(unsignedOf(b), b) > Halide::Internal::make_const(unsignedOf(b), 255),
                      cast<uint8_t>(254) | (exponent & cast<uint8_t>(1)), exponent);
  Expr power = cast(unsignedOf(a), a), result = one(power);
  for (int bit = 0; bit < 8; ++bit) {
    result = select((exponent & cast<uint8_t>(1 << bit)) != cast<uint8_t>(0), result * power, result);
    power = power * power;
  }
  result = cast(a.type(), result);
  if (b.type().is_uint())
    return result;
  Expr minusOne = cast(a.type(), Halide::Internal::make_const(a.type().with_code(halide_type_int), -1));
  Expr isOdd = (exponent & cast<uint8_t>(1)) != cast<uint8_t>(0);
  Expr inverse =
      select(a == one(a), one(a), a == minusOne && a.type().is_int(), select(isOdd, minusOne, one(a)), zero(a));
  return select(b < zero(b), inverse, result);
}

} // namespace dlc::halide
