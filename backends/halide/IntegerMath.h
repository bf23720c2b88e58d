// SPDX-License-Identifier: Apache-2.0
/// \file
/// Integer arithmetic on tensor elements. Halide takes signed overflow for impossible and traps on some divisions;
/// these do neither.
#ifndef DLC_BACKENDS_HALIDE_INTEGERMATH_H
#define DLC_BACKENDS_HALIDE_INTEGERMATH_H

#include "Halide.h"

namespace dlc::halide {

Halide::Expr wrappingAdd(Halide::Expr a, Halide::Expr b);
Halide::Expr wrappingSub(Halide::Expr a, Halide::Expr b);
Halide::Expr wrappingMul(Halide::Expr a, Halide::Expr b);
Halide::Expr wrappingAbs(Halide::Expr x);
/// The quotient rounded toward zero; a / 0 is 0, the lowest value / -1 is itself.
Halide::Expr truncatingDiv(Halide::Expr a, Halide::Expr b);
/// The remainder with the sign of `a`; 0 if `b` is 0.
Halide::Expr truncatingMod(Halide::Expr a, Halide::Expr b);
/// `a` shifted by `b` bits; 0 if `b` is the width or more.
Halide::Expr shift(Halide::Expr a, Halide::Expr b, bool left);
/// `a` to the power `b`, wrapping (beyond 255 `b` counts as 254 or 255, which changes only what has overflowed); for a
/// negative exponent the truncated quotient (0 unless `a` is 1 or -1).
Halide::Expr integerPow(Halide::Expr a, Halide::Expr b);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_INTEGERMATH_H
