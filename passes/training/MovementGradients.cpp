// SPDX-License-Identifier: Apache-2.0
// Gradient rules of ops that move elements.
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static LogicalResult reshape(ReshapeOp op, GradientBuilder &gradients) {
  gradients.set(0, gradients.reshapeLike(gradients.getResultGradient(), op.getX()));
  return success();
}

static LogicalResult transpose(TransposeOp op, GradientBuilder &gradients) {
  llvm::SmallVector<int64_t> inverse(op.getPermutation().size());
  for (auto [to, from] : llvm::enumerate(op.getPermutation()))
    inverse[from] = to;
  gradients.set(0, gradients.transpose(gradients.getResultGradient(), inverse));
  return success();
}

static LogicalResult expand(ExpandOp, GradientBuilder &gradients) {
  gradients.set(0, gradients.getResultGradient());
  return success();
}

void addMovementGradients(MLIRContext *context) {
  addGradientRule<ReshapeOp, &reshape>(context);
  addGradientRule<TransposeOp, &transpose>(context);
  addGradientRule<ExpandOp, &expand>(context);
  addGradientRule<FillOp, &hasZeroGradient<FillOp>>(context);
}

} // namespace dlc
