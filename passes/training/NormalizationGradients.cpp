// SPDX-License-Identifier: Apache-2.0
// Gradient rules of normalizations.
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

// dx = y (dy - sum(dy y))
static LogicalResult softmax(SoftmaxOp op, GradientBuilder &gradients) {
  Value y = op.getResult(), dy = gradients.getResultGradient(),
        sum = gradients.create<ReduceOp>(ReductionKind::Sum, gradients.create<MulOp>(dy, y), op.getAxes(),
                                         /*keep_dims=*/true);
  gradients.set(0, gradients.create<MulOp>(y, gradients.create<SubOp>(dy, sum)));
  return success();
}

// dx = dy - exp(y) sum(dy)
static LogicalResult logSoftmax(LogSoftmaxOp op, GradientBuilder &gradients) {
  Value y = op.getResult(), dy = gradients.getResultGradient(),
        sum = gradients.create<ReduceOp>(ReductionKind::Sum, dy, op.getAxes(), /*keep_dims=*/true);
  gradients.set(0, gradients.create<SubOp>(dy, gradients.create<MulOp>(gradients.create<ExpOp>(y), sum)));
  return success();
}

void addNormalizationGradients(MLIRContext *context) {
  addGradientRule<SoftmaxOp, &softmax>(context);
  addGradientRule<LogSoftmaxOp, &logSoftmax>(context);
}

} // namespace dlc
