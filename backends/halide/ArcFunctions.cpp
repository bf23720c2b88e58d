// SPDX-License-Identifier: Apache-2.0
// Arc functions and hyperbolic functions of floats, in the ranges and with the polynomials of S. Moshier's Cephes
// library. Errors as in Math.cpp. Choices default to the range around 0, where NaN stays NaN.
#include "backends/halide/Math.h"

using Halide::Expr;
using Halide::select;

namespace dlc::halide::math {

/// pi/2 as a float and what is left of it.
constexpr float quarterTurn = 1.57079637f, quarterTurnRest = -4.37113883e-8f;
constexpr float logOf2 = 0.693147181f;

static bool isDouble(const Expr &x) { return x.type().bits() == 64; }

/// 2.1 ULP.
Expr atan(Expr x) {
  if (isDouble(x))
    return callLibm("atan", {x});
  // tan(pi/8) and tan(3 pi/8) bound the ranges; one division serves all.
  Expr size = magnitude(x), isFar = size > 2.41421356f, isMiddle = size > 0.414213562f;
  Expr t = select(isFar, -1.0f, isMiddle, size - 1.0f, size) / select(isFar, size, isMiddle, size + 1.0f, 1.0f);
  Expr square = t * t;
  Expr angle = polynomial(square, {8.05374449538e-2f, -1.38776856032e-1f, 1.99777106478e-1f, -3.33329491539e-1f}) *
                   (square * t) +
               t;
  Expr base = select(isFar, quarterTurn, isMiddle, quarterTurn / 2, 0.0f);
  Expr rest = select(isFar, quarterTurnRest, isMiddle, quarterTurnRest / 2, 0.0f);
  return strict_float(withSign(base + (angle + rest), x));
}

/// Of x in [0, 1/2].
static Expr asinOfSmall(const Expr &x, const Expr &square) {
  return polynomial(square,
                    {4.2163199048e-2f, 2.4181311049e-2f, 4.5470025998e-2f, 7.4953002686e-2f, 1.6666752422e-1f}) *
             (square * x) +
         x;
}

namespace {
/// The arc sine of the root of (1 - |x|)/2 where |x| is above 1/2, and of |x| elsewhere.
struct ArcSine {
  Expr isLarge, angle;
  explicit ArcSine(const Expr &size) : isLarge(size > 0.5f) {
    // NaN for sizes above 1.
    Expr square = select(isLarge, 0.5f * (1.0f - size), size * size);
    angle = asinOfSmall(select(isLarge, Halide::sqrt(square), size), square);
  }
};
} // namespace

/// 2.5 ULP.
Expr asin(Expr x) {
  if (isDouble(x))
    return callLibm("asin", {x});
  ArcSine arc(magnitude(x));
  Expr large = quarterTurn - (2.0f * arc.angle - quarterTurnRest);
  return strict_float(withSign(select(arc.isLarge, large, arc.angle), x));
}

/// 2.5 ULP.
Expr acos(Expr x) {
  if (isDouble(x))
    return callLibm("acos", {x});
  ArcSine arc(magnitude(x));
  Expr isNegative = x < 0.0f, angle = select(isNegative, -arc.angle, arc.angle);
  Expr large = select(isNegative, 2.0f * quarterTurn + (2.0f * angle + 2.0f * quarterTurnRest), 2.0f * angle);
  return strict_float(select(arc.isLarge, large, quarterTurn - (angle - quarterTurnRest)));
}

/// 3 ULP.
Expr sinh(Expr x) {
  if (isDouble(x))
    return callLibm("sinh", {x});
  Expr size = magnitude(x), square = x * x, half = halfExp(size);
  Expr small = polynomial(square, {2.03721912945e-4f, 8.33028376239e-3f, 1.66667160211e-1f}) * (square * size) + size;
  return strict_float(withSign(select(size > 1.0f, half - 0.25f / half, small), x));
}

/// 3 ULP.
Expr cosh(Expr x) {
  if (isDouble(x))
    return callLibm("cosh", {x});
  Expr half = halfExp(magnitude(x));
  return strict_float(half + 0.25f / half);
}

/// 3.2 ULP.
Expr asinh(Expr x) {
  if (isDouble(x))
    return callLibm("asinh", {x});
  Expr size = magnitude(x), square = x * x, isHuge = size > 1500.0f;
  Expr small =
      polynomial(square, {2.0122003309e-2f, -4.2699340972e-2f, 7.4847586088e-2f, -1.6666288134e-1f}) * (square * size) +
      size;
  Expr large = math::log(select(isHuge, size, size + Halide::sqrt(square + 1.0f))) + select(isHuge, logOf2, 0.0f);
  return strict_float(withSign(select(size > 0.5f, large, small), x));
}

/// 3 ULP.
Expr acosh(Expr x) {
  if (isDouble(x))
    return callLibm("acosh", {x});
  // NaN below 1.
  Expr above = x - 1.0f, isHuge = x > 1500.0f;
  Expr small =
      polynomial(above, {1.7596881071e-3f, -7.5272886713e-3f, 2.6454905019e-2f, -1.1784741703e-1f, 1.4142135263f}) *
      Halide::sqrt(above);
  Expr large = math::log(select(isHuge, x, x + Halide::sqrt(above * (x + 1.0f)))) + select(isHuge, logOf2, 0.0f);
  return strict_float(select(above > 0.5f, large, small));
}

/// 3 ULP.
Expr atanh(Expr x) {
  if (isDouble(x))
    return callLibm("atanh", {x});
  Expr size = magnitude(x), square = x * x;
  Expr small = polynomial(square, {1.81740078349e-1f, 8.24370301058e-2f, 1.46691431730e-1f, 1.99782164500e-1f,
                                   3.33337300303e-1f}) *
                   (square * size) +
               size;
  Expr large = 0.5f * math::log((1.0f + size) / (1.0f - size));
  return strict_float(withSign(select(size > 0.5f, large, small), x));
}

} // namespace dlc::halide::math
