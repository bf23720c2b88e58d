// SPDX-License-Identifier: Apache-2.0
// Gradient rules of products of matrices.
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

static int64_t getRank(Value value) { return llvm::cast<RankedTensorType>(value.getType()).getRank(); }

// Y = A B gives dA = dY B^T and dB = A^T dY; operands that are stored transposed get transposed gradients. Leading
// dimensions in which an operand is broadcast are summed by the builder.
static LogicalResult matmul(MatMulOp op, GradientBuilder &gradients) {
  Value a = op.getLhs(), b = op.getRhs(), dy = gradients.getResultGradient();
  bool isTransposedA = op.getTransposeLhs(), isTransposedB = op.getTransposeRhs();
  if (getRank(a) < 2 || getRank(b) < 2)
    return op.emitOpError("has no gradient rule for vectors yet");
  auto product = [&](Value x, bool isTransposedX, Value y, bool isTransposedY) {
    return gradients.create<MatMulOp>(x, y, isTransposedX, isTransposedY);
  };
  if (gradients.wants(0))
    gradients.set(0, isTransposedA ? product(b, isTransposedB, dy, true) : product(dy, false, b, !isTransposedB));
  if (gradients.wants(1)) {
    // Rows of all leading dimensions are summed: one product, if the other operand is a plain matrix.
    Value rows = a, rowGradients = dy;
    if (getRank(b) == 2 && getRank(a) > 2 && !isTransposedA) {
      auto flatten = [&](Value x) {
        auto type = llvm::cast<RankedTensorType>(x.getType());
        return gradients.create<ReshapeOp>(x, llvm::ArrayRef<int64_t>{-1, type.getShape().back()});
      };
      rows = flatten(a);
      rowGradients = flatten(dy);
    }
    gradients.set(1, isTransposedB ? product(rowGradients, true, rows, isTransposedA)
                                   : product(rows, !isTransposedA, rowGradients, false));
  }
  return success();
}

void addLinearGradients(MLIRContext *context) { addGradientRule<MatMulOp, &matmul>(context); }

} // namespace dlc
