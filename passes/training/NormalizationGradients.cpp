// SPDX-License-Identifier: Apache-2.0
// Gradient rules of normalizations. A row whose gradient is all zeros gets zeros, also where its results are NaN.
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "passes/training/Formula.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static Term sumOver(const Term &x, llvm::ArrayRef<int64_t> axes, GradientBuilder &gradients) {
  return {gradients, gradients.create<ReduceOp>(ReductionKind::Sum, x, axes, /*keep_dims=*/true)};
}

// dx = y (dy - sum(dy y))
static LogicalResult softmax(SoftmaxOp op, GradientBuilder &gradients) {
  Term y(gradients, op.getResult()), dy(gradients, gradients.getResultGradient());
  Term apart = dy - sumOver(dy.times(y), op.getAxes(), gradients);
  gradients.set(0, apart.absorb(y * apart));
  return success();
}

// dx = dy - exp(y) sum(dy)
static LogicalResult logSoftmax(LogSoftmaxOp op, GradientBuilder &gradients) {
  Term y(gradients, op.getResult()), dy(gradients, gradients.getResultGradient());
  Term sum = sumOver(dy, op.getAxes(), gradients);
  gradients.set(0, dy - sum.absorb(exp(y) * sum));
  return success();
}

void addNormalizationGradients(MLIRContext *context) {
  addGradientRule<SoftmaxOp, &softmax>(context);
  addGradientRule<LogSoftmaxOp, &logSoftmax>(context);
}

} // namespace dlc
