// SPDX-License-Identifier: Apache-2.0
// Gradient rules of activations. Where one has a corner, the gradient there is that of the side with the smaller slope.
#include "ir/OpsActivation.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "passes/training/Formula.h"
#include "passes/training/GradientRules.h"
#include <cmath>

using namespace mlir;

namespace dlc {

template <typename OpTy, Term (*gradient)(OpTy op, const Term &x, const Term &y, const Term &dy)>
static LogicalResult chain(OpTy op, GradientBuilder &gradients) {
  gradients.set(0, gradient(op, Term(gradients, op.getX()), Term(gradients, op.getResult()),
                            Term(gradients, gradients.getResultGradient())));
  return success();
}

static double number(const APFloat &attribute) { return attribute.convertToDouble(); }

// y' = y (1 - y)
static Term ofSigmoid(SigmoidOp, const Term &, const Term &y, const Term &dy) { return dy.times(y * (1 - y)); }

// Reads the result, which is kept in any case where the next op needs it.
static Term ofRelu(ReluOp, const Term &, const Term &y, const Term &dy) { return (y > 0).choose(dy, 0.0); }

static Term ofLeakyRelu(LeakyReluOp op, const Term &x, const Term &, const Term &dy) {
  return (x > 0).choose(dy, dy * number(op.getAlpha()));
}

static Term ofThresholdedRelu(ThresholdedReluOp op, const Term &x, const Term &, const Term &dy) {
  return (x > number(op.getAlpha())).choose(dy, 0.0);
}

static Term ofElu(EluOp op, const Term &x, const Term &, const Term &dy) {
  return (x > 0).choose(dy, dy.times(number(op.getAlpha()) * exp(x)));
}

static Term ofCelu(CeluOp op, const Term &x, const Term &, const Term &dy) {
  return (x > 0).choose(dy, dy.times(exp(x / number(op.getAlpha()))));
}

static Term ofSelu(SeluOp op, const Term &x, const Term &, const Term &dy) {
  double gamma = number(op.getGamma());
  return (x > 0).choose(dy * gamma, dy.times(gamma * number(op.getAlpha()) * exp(x)));
}

static Term ofSoftplus(SoftplusOp, const Term &x, const Term &, const Term &dy) { return dy.times(sigmoid(x)); }

static Term ofSoftsign(SoftsignOp, const Term &x, const Term &, const Term &dy) {
  Term divisor = 1 + abs(x);
  return dy.absorb(dy / (divisor * divisor));
}

static Term ofHardSigmoid(HardSigmoidOp op, const Term &, const Term &y, const Term &dy) {
  return (y > 0 && y < 1).choose(dy * number(op.getAlpha()), 0.0);
}

static Term ofHardSwish(HardSwishOp, const Term &x, const Term &, const Term &dy) {
  Term between = (x > -3).choose(dy * (x / 3 + 0.5), 0.0);
  return (x >= 3).choose(dy, between);
}

// With s = sigmoid(alpha x): y' = s + alpha x s (1 - s), where alpha x may be too large for a number, but x is not.
static Term ofSwish(SwishOp op, const Term &x, const Term &, const Term &dy) {
  double alpha = number(op.getAlpha());
  Term s = sigmoid(alpha * x);
  return dy.times(s + alpha * (x * (s * (1 - s))));
}

// With t = tanh(softplus(x)): y' = t + x (1 - t^2) sigmoid(x)
static Term ofMish(MishOp, const Term &x, const Term &, const Term &dy) {
  Term t = tanh(x.apply<SoftplusOp>());
  return dy.times(t + x * ((1 - t * t) * sigmoid(x)));
}

// x Phi(x) gives Phi(x) + x phi(x); the approximation is x (1 + tanh(u)) / 2 with u = sqrt(2/pi) (x + 0.044715 x^3).
// Its derivative does not change any more behind `last`, where 1 - tanh(u)^2 is 0, and powers of x grow too large.
static Term ofGelu(GeluOp op, const Term &x, const Term &, const Term &dy) {
  if (!op.getTanhApproximation()) {
    Term distribution = 0.5 + 0.5 * (x * M_SQRT1_2).apply<ErfOp>();
    Term density = 1 / std::sqrt(2 * M_PI) * exp(-0.5 * (x * x));
    return dy.times(distribution + x * density);
  }
  constexpr double cubic = 0.044715, last = 16;
  const double scale = std::sqrt(2 / M_PI);
  Term near = x.apply<MinOp>(last).apply<MaxOp>(-last);
  Term square = near * near, t = tanh(scale * (near * (1 + cubic * square)));
  Term slope = scale * (1 + 3 * cubic * square);
  return dy.times(0.5 + 0.5 * t + 0.5 * (near * ((1 - t * t) * slope)));
}

static Term ofShrink(ShrinkOp op, const Term &x, const Term &, const Term &dy) {
  return (abs(x) > number(op.getLambda())).choose(dy, 0.0);
}

// Limits belong to what passes.
static Term ofClamp(ClampOp op, const Term &x, const Term &, const Term &dy) {
  Term gradient = dy;
  if (op.getLow())
    gradient = (x >= number(*op.getLow())).choose(gradient, 0.0);
  if (op.getHigh())
    gradient = (x <= number(*op.getHigh())).choose(gradient, 0.0);
  return gradient;
}

static LogicalResult prelu(PReluOp op, GradientBuilder &gradients) {
  Term x(gradients, op.getLhs()), slope(gradients, op.getRhs()), dy(gradients, gradients.getResultGradient());
  Term isPositive = x > 0;
  if (gradients.wants(0))
    gradients.set(0, isPositive.choose(dy, dy.times(slope)));
  if (gradients.wants(1))
    gradients.set(1, isPositive.choose(0.0, dy.times(x)));
  return success();
}

void addActivationGradients(MLIRContext *context) {
  addGradientRule<SigmoidOp, &chain<SigmoidOp, &ofSigmoid>>(context);
  addGradientRule<ReluOp, &chain<ReluOp, &ofRelu>>(context);
  addGradientRule<LeakyReluOp, &chain<LeakyReluOp, &ofLeakyRelu>>(context);
  addGradientRule<ThresholdedReluOp, &chain<ThresholdedReluOp, &ofThresholdedRelu>>(context);
  addGradientRule<EluOp, &chain<EluOp, &ofElu>>(context);
  addGradientRule<CeluOp, &chain<CeluOp, &ofCelu>>(context);
  addGradientRule<SeluOp, &chain<SeluOp, &ofSelu>>(context);
  addGradientRule<SoftplusOp, &chain<SoftplusOp, &ofSoftplus>>(context);
  addGradientRule<SoftsignOp, &chain<SoftsignOp, &ofSoftsign>>(context);
  addGradientRule<HardSigmoidOp, &chain<HardSigmoidOp, &ofHardSigmoid>>(context);
  addGradientRule<HardSwishOp, &chain<HardSwishOp, &ofHardSwish>>(context);
  addGradientRule<SwishOp, &chain<SwishOp, &ofSwish>>(context);
  addGradientRule<MishOp, &chain<MishOp, &ofMish>>(context);
  addGradientRule<GeluOp, &chain<GeluOp, &ofGelu>>(context);
  addGradientRule<ShrinkOp, &chain<ShrinkOp, &ofShrink>>(context);
  addGradientRule<ClampOp, &chain<ClampOp, &ofClamp>>(context);
  addGradientRule<PReluOp, &prelu>(context);
}

} // namespace dlc
