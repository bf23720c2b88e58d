// SPDX-License-Identifier: Apache-2.0
// Gradient rules of the functions of analysis: each is its derivative, as a formula of operand x and result y.
#include "ir/OpsActivation.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/Singularity.h"
#include "passes/training/Formula.h"
#include "passes/training/GradientRules.h"
#include <cmath>

using namespace mlir;

namespace dlc {

/// The rule of a function of one number whose derivative is `slope(x, y)`. It `isSingular` if the derivative is
/// infinite or NaN for some finite x.
template <typename OpTy, Term (*slope)(const Term &x, const Term &y), bool isSingular = false>
static LogicalResult chain(OpTy op, GradientBuilder &gradients) {
  Term x(gradients, op.getX()), y(gradients, op.getResult()), dy(gradients, gradients.getResultGradient());
  gradients.set(0, dy.times(slope(x, y), isSingular));
  return success();
}

// At 0 the gradient is 0.
static Term ofAbs(const Term &x, const Term &) { return x.apply<SignOp>(); }
static Term ofSqrt(const Term &, const Term &y) { return 0.5 / y; }
static Term ofReciprocal(const Term &, const Term &y) { return -(y * y); }
static Term ofExp(const Term &, const Term &y) { return y; }
static Term ofErf(const Term &x, const Term &) { return (2 / std::sqrt(M_PI)) * exp(-(x * x)); }
static Term ofSin(const Term &x, const Term &) { return x.apply<CosOp>(); }
static Term ofCos(const Term &x, const Term &) { return -x.apply<SinOp>(); }
static Term ofTan(const Term &, const Term &y) { return 1 + y * y; }
static Term ofAsin(const Term &x, const Term &) { return 1 / sqrt((1 - x) * (1 + x)); }
static Term ofAcos(const Term &x, const Term &) { return -1 / sqrt((1 - x) * (1 + x)); }
static Term ofAtan(const Term &x, const Term &) { return 1 / (1 + x * x); }
static Term ofSinh(const Term &x, const Term &) { return x.apply<CoshOp>(); }
static Term ofCosh(const Term &x, const Term &) { return x.apply<SinhOp>(); }
static Term ofTanh(const Term &, const Term &y) { return 1 - y * y; }
static Term ofAsinh(const Term &x, const Term &) { return 1 / sqrt(1 + x * x); }
static Term ofAcosh(const Term &x, const Term &) { return 1 / sqrt((x - 1) * (x + 1)); }
static Term ofAtanh(const Term &x, const Term &) { return 1 / ((1 - x) * (1 + x)); }

static LogicalResult log(LogOp op, GradientBuilder &gradients) {
  Term dy(gradients, gradients.getResultGradient());
  gradients.set(0, dy.absorb(dy / Term(gradients, op.getX()), /*isSingular=*/true));
  return success();
}

// d(a^b) = b a^(b-1) da + a^b log(a) db. Where a factor is 0 the term is 0, whatever the other one is: 0^0 has no
// derivative with respect to its base, and 0^b is 0 for every positive b. a^b overflows where a whole b from 0 does not
// make it a polynomial, and log(a) exists for positive a only.
static LogicalResult pow(PowOp op, GradientBuilder &gradients) {
  Term a(gradients, op.getLhs()), y(gradients, op.getResult()), dy(gradients, gradients.getResultGradient());
  Type type = getElementTypeOrSelf(op.getLhs().getType()), exponentType = getElementTypeOrSelf(op.getRhs().getType());
  Term b(gradients, type == exponentType ? op.getRhs() : gradients.create<CastOp>(op.getRhs(), type));
  if (gradients.wants(0)) {
    Term slope = b * a.apply<PowOp>(b - 1);
    gradients.set(0, dy.times(b.apply<EqualOp>(0.0).choose(0.0, slope), !isPolynomialExponent(op.getRhs())));
  }
  if (gradients.wants(1))
    gradients.set(1, dy.times(a.apply<EqualOp>(0.0).choose(0.0, y * log(a)), /*isSingular=*/true));
  return success();
}

void addAnalysisGradients(MLIRContext *context) {
  addGradientRule<AbsOp, &chain<AbsOp, &ofAbs>>(context);
  addGradientRule<SqrtOp, &chain<SqrtOp, &ofSqrt, true>>(context);
  addGradientRule<ReciprocalOp, &chain<ReciprocalOp, &ofReciprocal, true>>(context);
  addGradientRule<ExpOp, &chain<ExpOp, &ofExp, true>>(context);
  addGradientRule<LogOp, &log>(context);
  addGradientRule<ErfOp, &chain<ErfOp, &ofErf>>(context);
  addGradientRule<SinOp, &chain<SinOp, &ofSin>>(context);
  addGradientRule<CosOp, &chain<CosOp, &ofCos>>(context);
  addGradientRule<TanOp, &chain<TanOp, &ofTan>>(context);
  addGradientRule<AsinOp, &chain<AsinOp, &ofAsin, true>>(context);
  addGradientRule<AcosOp, &chain<AcosOp, &ofAcos, true>>(context);
  addGradientRule<AtanOp, &chain<AtanOp, &ofAtan>>(context);
  addGradientRule<SinhOp, &chain<SinhOp, &ofSinh, true>>(context);
  addGradientRule<CoshOp, &chain<CoshOp, &ofCosh, true>>(context);
  addGradientRule<TanhOp, &chain<TanhOp, &ofTanh>>(context);
  addGradientRule<AsinhOp, &chain<AsinhOp, &ofAsinh>>(context);
  addGradientRule<AcoshOp, &chain<AcoshOp, &ofAcosh, true>>(context);
  addGradientRule<AtanhOp, &chain<AtanhOp, &ofAtanh, true>>(context);
  addGradientRule<PowOp, &pow>(context);
}

} // namespace dlc
