// SPDX-License-Identifier: Apache-2.0
// Gradient rules of elementwise ops. L is what is differentiated, dy its derivative with respect to the result y.
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
  if (gradients.wants(0))
    gradients.set(0, gradients.create<MulOp>(dy, op.getRhs()));
  if (gradients.wants(1))
    gradients.set(1, gradients.create<MulOp>(dy, op.getLhs()));
  return success();
}

static LogicalResult div(DivOp op, GradientBuilder &gradients) {
  Value dy = gradients.getResultGradient();
  if (!gradients.wants(0) && !gradients.wants(1))
    return success();
  Value share = gradients.create<DivOp>(dy, op.getRhs());
  gradients.set(0, share);
  if (gradients.wants(1))
    gradients.set(1, gradients.create<NegOp>(gradients.create<MulOp>(share, op.getResult())));
  return success();
}

static LogicalResult neg(NegOp, GradientBuilder &gradients) {
  gradients.set(0, gradients.create<NegOp>(gradients.getResultGradient()));
  return success();
}

static LogicalResult exp(ExpOp op, GradientBuilder &gradients) {
  gradients.set(0, gradients.create<MulOp>(gradients.getResultGradient(), op.getResult()));
  return success();
}

static LogicalResult log(LogOp op, GradientBuilder &gradients) {
  gradients.set(0, gradients.create<DivOp>(gradients.getResultGradient(), op.getX()));
  return success();
}

// y' = 1 - y^2
static LogicalResult tanh(TanhOp op, GradientBuilder &gradients) {
  Value y = op.getResult(), slope = gradients.create<SubOp>(gradients.scalar(1, y), gradients.create<MulOp>(y, y));
  gradients.set(0, gradients.create<MulOp>(gradients.getResultGradient(), slope));
  return success();
}

// y' = y (1 - y)
static LogicalResult sigmoid(SigmoidOp op, GradientBuilder &gradients) {
  Value y = op.getResult(), slope = gradients.create<MulOp>(y, gradients.create<SubOp>(gradients.scalar(1, y), y));
  gradients.set(0, gradients.create<MulOp>(gradients.getResultGradient(), slope));
  return success();
}

// Reads the result, which is kept in any case where the next op needs it. At 0 the gradient is 0.
static LogicalResult relu(ReluOp op, GradientBuilder &gradients) {
  Value zero = gradients.scalar(0, op.getResult()), isPositive = gradients.create<GreaterOp>(op.getResult(), zero);
  gradients.set(0, gradients.create<WhereOp>(isPositive, gradients.getResultGradient(), zero));
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
  addGradientRule<DivOp, &div>(context);
  addGradientRule<NegOp, &neg>(context);
  addGradientRule<ExpOp, &exp>(context);
  addGradientRule<LogOp, &log>(context);
  addGradientRule<TanhOp, &tanh>(context);
  addGradientRule<SigmoidOp, &sigmoid>(context);
  addGradientRule<ReluOp, &relu>(context);
  addGradientRule<CastOp, &cast>(context);
  addGradientRule<SignOp, &hasZeroGradient<SignOp>>(context);
  addGradientRule<StopGradientOp, &hasZeroGradient<StopGradientOp>>(context);
}

} // namespace dlc
