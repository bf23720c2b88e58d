// SPDX-License-Identifier: Apache-2.0
/// \file
/// Elementary functions that vectorize, with errors of a few units in the last place (ULP).
///
/// Arguments and results are Float(32) or Float(64). For f32 these are polynomial and rational forms whose largest
/// measured errors are given at the definitions; for f64 they call libm. NaN gives NaN, infinities and the ends of the
/// range give what C's functions of the same name give.
#ifndef DLC_BACKENDS_HALIDE_MATH_H
#define DLC_BACKENDS_HALIDE_MATH_H

#include "Halide.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc::halide::math {

/// A function of libm by its C name for doubles; floats take the variant with an f. Vectors call it lane by lane.
Halide::Expr callLibm(const std::string &name, const std::vector<Halide::Expr> &arguments);

/// Horner's rule for floats, highest coefficient first.
Halide::Expr polynomial(const Halide::Expr &x, llvm::ArrayRef<float> coefficients);

Halide::Expr exp(Halide::Expr x);
/// e^x / 2 of a float x >= 0: infinite only where that is.
Halide::Expr halfExp(Halide::Expr x);
/// e^x for x <= 0, in fewer steps: what would be denormal is 0.
Halide::Expr expOfNegative(Halide::Expr x);
Halide::Expr expm1(Halide::Expr x);
Halide::Expr log(Halide::Expr x);
Halide::Expr log1p(Halide::Expr x);
Halide::Expr pow(Halide::Expr x, Halide::Expr y);
Halide::Expr erf(Halide::Expr x);
Halide::Expr tanh(Halide::Expr x);
Halide::Expr sigmoid(Halide::Expr x);
Halide::Expr softplus(Halide::Expr x);
/// x Phi(x), Phi the normal distribution function; the absolute error is below 1e-7 |x|.
Halide::Expr gelu(Halide::Expr x);
/// The usual approximation of gelu by tanh, evaluated accurately.
Halide::Expr geluTanh(Halide::Expr x);
Halide::Expr sin(Halide::Expr x);
Halide::Expr cos(Halide::Expr x);
Halide::Expr tan(Halide::Expr x);
Halide::Expr asin(Halide::Expr x);
Halide::Expr acos(Halide::Expr x);
Halide::Expr atan(Halide::Expr x);
Halide::Expr sinh(Halide::Expr x);
Halide::Expr cosh(Halide::Expr x);
Halide::Expr asinh(Halide::Expr x);
Halide::Expr acosh(Halide::Expr x);
Halide::Expr atanh(Halide::Expr x);
/// C's remainder, with the sign of x.
Halide::Expr fmod(Halide::Expr x, Halide::Expr y);

/// `body(value)`, where `body` may use its argument many times: the value is named, so that expressions do not grow
/// with each use.
Halide::Expr bind(Halide::Expr value, llvm::function_ref<Halide::Expr(const Halide::Expr &)> body);

/// The larger (smaller) one; NaN if either is. Any type.
Halide::Expr max(Halide::Expr a, Halide::Expr b);
Halide::Expr min(Halide::Expr a, Halide::Expr b);
/// Whether a <= b; false if either is NaN. Any type but booleans.
Halide::Expr lessOrEqual(Halide::Expr a, Halide::Expr b);
/// x with the other sign, and without one, also where it is zero. Floating point.
Halide::Expr negate(Halide::Expr x);
Halide::Expr magnitude(Halide::Expr x);
/// `size`, whose sign bit must be clear, with the sign of `sign`. Floating point.
Halide::Expr withSign(Halide::Expr size, Halide::Expr sign);
/// The nearest integer, halves to even.
Halide::Expr roundHalfEven(Halide::Expr x);

} // namespace dlc::halide::math

#endif // DLC_BACKENDS_HALIDE_MATH_H
