// SPDX-License-Identifier: Apache-2.0
// Gradient rules of elementwise arithmetic. L is what is differentiated, dy its derivative with respect to the result
// y.
#include "ir/OpsArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsLogic.h"
#include "ir/OpsTraining.h"
#include "ir/Singularity.h"
#include "passes/training/Formula.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static LogicalResult add(AddOp, GradientBuilder &gradients) {
  gradients.set(0, gradients.getResultGradient());
  gradients.set(1, gradients.getResultGradient());
  return success();
}

static LogicalResult sub(SubOp, GradientBuilder &gradients) {
  gradients.set(0, gradients.getResultGradient());
  if (gradients.wants(1))
    gradients.set(1, gradients.create<NegOp>(gradients.getResultGradient()));
  return success();
}

static LogicalResult mul(MulOp op, GradientBuilder &gradients) {
  Value dy = gradients.getResultGradient();
  auto multiply = [&](Value by) {
    Value product = gradients.multiply(dy, by);
    return isFiniteConstant(by) ? product : gradients.absorbZero(product, dy);
  };
  if (gradients.wants(0))
    gradients.set(0, multiply(op.getRhs()));
  if (gradients.wants(1))
    gradients.set(1, multiply(op.getLhs()));
  return success();
}

// Where 0 has absorbed the other factor the result is the constant 0; everywhere else the op changes nothing.
static LogicalResult absorbZero(AbsorbZeroOp op, GradientBuilder &gradients) {
  Term factor(gradients, op.getFactor()),
      hasAbsorbed = Term(gradients, op.getX()).apply<IsNanOp>() && factor.apply<EqualOp>(0.0);
  gradients.set(0, hasAbsorbed.choose(0.0, Term(gradients, gradients.getResultGradient())));
  return success();
}

static LogicalResult div(DivOp op, GradientBuilder &gradients) {
  Value dy = gradients.getResultGradient();
  if (!gradients.wants(0) && !gradients.wants(1))
    return success();
  bool isSingular = mayBeSingularDivisor(op.getRhs());
  Value share = gradients.divide(dy, op.getRhs());
  if (gradients.wants(0))
    gradients.set(0, isSingular ? gradients.absorbZero(share, dy, isSingular) : share);
  if (gradients.wants(1))
    gradients.set(
        1, gradients.create<NegOp>(gradients.absorbZero(gradients.multiply(share, op.getResult()), dy, isSingular)));
  return success();
}

static LogicalResult neg(NegOp, GradientBuilder &gradients) {
  gradients.set(0, gradients.create<NegOp>(gradients.getResultGradient()));
  return success();
}

// a = q b + y with a whole number q, which is constant almost everywhere.
static LogicalResult mod(ModOp op, GradientBuilder &gradients) {
  Term a(gradients, op.getLhs()), b(gradients, op.getRhs()), y(gradients, op.getResult()),
      dy(gradients, gradients.getResultGradient());
  gradients.set(0, dy);
  if (gradients.wants(1))
    gradients.set(1, -dy.absorb(dy * ((a - y) / b).apply<RoundOp>(), mayBeSingularDivisor(op.getRhs())));
  return success();
}

/// Equal operands share the gradient.
static void choose(const Term &isLeft, const Term &isRight, const Term &dy, GradientBuilder &gradients) {
  Term half = dy * 0.5;
  if (gradients.wants(0))
    gradients.set(0, isLeft.choose(dy, isRight.choose(0.0, half)));
  if (gradients.wants(1))
    gradients.set(1, isRight.choose(dy, isLeft.choose(0.0, half)));
}

static LogicalResult max(MaxOp op, GradientBuilder &gradients) {
  Term a(gradients, op.getLhs()), b(gradients, op.getRhs());
  choose(a > b, b > a, Term(gradients, gradients.getResultGradient()), gradients);
  return success();
}

static LogicalResult min(MinOp op, GradientBuilder &gradients) {
  Term a(gradients, op.getLhs()), b(gradients, op.getRhs());
  choose(a < b, b < a, Term(gradients, gradients.getResultGradient()), gradients);
  return success();
}

static LogicalResult where(WhereOp op, GradientBuilder &gradients) {
  Term condition(gradients, op.getCondition()), dy(gradients, gradients.getResultGradient());
  if (gradients.wants(1))
    gradients.set(1, condition.choose(dy, 0.0));
  if (gradients.wants(2))
    gradients.set(2, condition.choose(0.0, dy));
  return success();
}

// The derivative is taken in the operand's precision.
static LogicalResult cast(CastOp op, GradientBuilder &gradients) {
  Type from = getElementTypeOrSelf(op.getX().getType());
  if (llvm::isa<FloatType>(from) && llvm::isa<FloatType>(op.getTo()))
    gradients.set(0, gradients.create<CastOp>(gradients.getResultGradient(), from));
  return success();
}

void addElementwiseGradients(MLIRContext *context) {
  addGradientRule<AddOp, &add>(context);
  addGradientRule<SubOp, &sub>(context);
  addGradientRule<MulOp, &mul>(context);
  addGradientRule<AbsorbZeroOp, &absorbZero>(context);
  addGradientRule<DivOp, &div>(context);
  addGradientRule<NegOp, &neg>(context);
  addGradientRule<ModOp, &mod>(context);
  addGradientRule<MaxOp, &max>(context);
  addGradientRule<MinOp, &min>(context);
  addGradientRule<WhereOp, &where>(context);
  addGradientRule<CastOp, &cast>(context);
  addGradientRule<SignOp, &hasZeroGradient<SignOp>>(context);
  addGradientRule<CeilOp, &hasZeroGradient<CeilOp>>(context);
  addGradientRule<FloorOp, &hasZeroGradient<FloorOp>>(context);
  addGradientRule<RoundOp, &hasZeroGradient<RoundOp>>(context);
  addGradientRule<StopGradientOp, &hasZeroGradient<StopGradientOp>>(context);
}

} // namespace dlc
