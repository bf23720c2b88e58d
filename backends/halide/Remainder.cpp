// SPDX-License-Identifier: Apache-2.0
// The remainder of a division of floats, in double precision: exact, as C's fmod is.
//
// With b_k = |b| 2^(28 k), r becomes r - n b_k, n the integer next to r / b_k, for k from 9 to 0. |r| is at most
// b_(k+1)/2 before, so n has 28 bits at most, n b_k at most 52, and the difference, a multiple of the last bit of a or
// of b_k that is smaller than either, at most 25: nothing is rounded but the quotient, where an error in its last bits
// chooses the other of two integers that are equally near. After the last step r is between -|b|/2 and |b|/2. All
// floats are covered: |a / b| is below 2^277.
#include "backends/halide/Math.h"
#include <cmath>

using Halide::cast;
using Halide::Expr;
using Halide::select;

namespace dlc::halide::math {

Expr fmod(Expr x, Expr y) {
  if (x.type().bits() == 64)
    return callLibm("fmod", {x, y});
  constexpr int bitsPerStep = 28, steps = 10;
  Expr divisor = cast<double>(magnitude(y)), inverse = Expr(1.0) / divisor, rest = cast<double>(magnitude(x));
  for (int step = steps; step-- > 0;) {
    double scale = std::ldexp(1.0, bitsPerStep * step);
    rest = bind(rest, [&](const Expr &r) {
      return r - roundHalfEven(r * (inverse * Expr(1 / scale))) * (divisor * Expr(scale));
    });
  }
  Expr positive = bind(rest, [&](const Expr &r) { return select(r < Expr(0.0), r + divisor, r); });
  // Infinity leaves every number as it is; 0 times infinity is what it would leave otherwise.
  Expr isWhole = magnitude(y) == Expr(HUGE_VALF) && magnitude(x) < Expr(HUGE_VALF);
  return strict_float(select(isWhole, x, withSign(cast<float>(positive), x)));
}

} // namespace dlc::halide::math
