// SPDX-License-Identifier: Apache-2.0
// Gradient rules of reductions.
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

/// `y`, the result of a reduction (or its gradient), with the reduced dimensions back as extents of 1.
static Value keepDims(ReduceOp op, Value y, GradientBuilder &gradients) {
  if (op.getKeepDims())
    return y;
  auto type = llvm::cast<RankedTensorType>(y.getType());
  llvm::SmallVector<int64_t> shape;
  int64_t next = 0;
  for (int64_t dim = 0; dim < llvm::cast<RankedTensorType>(op.getX().getType()).getRank(); ++dim) {
    if (llvm::is_contained(op.getAxes(), dim)) {
      shape.push_back(1);
      continue;
    }
    shape.push_back(type.isDynamicDim(next) ? -2 - next : type.getDimSize(next));
    ++next;
  }
  return gradients.create<ReshapeOp>(y, shape);
}

static LogicalResult reduce(ReduceOp op, GradientBuilder &gradients) {
  Value x = op.getX(), dy = keepDims(op, gradients.getResultGradient(), gradients);
  if (!gradients.wants(0))
    return success();
  switch (op.getKind()) {
  case ReductionKind::Sum:
    gradients.set(0, gradients.expandLike(dy, x));
    return success();
  case ReductionKind::Mean: {
    auto type = llvm::cast<RankedTensorType>(x.getType());
    double known = 1;
    bool isKnown = true;
    for (int64_t axis : op.getAxes()) {
      isKnown &= !type.isDynamicDim(axis);
      known *= type.getDimSize(axis);
    }
    if (isKnown) {
      gradients.set(0, gradients.expandLike(gradients.create<MulOp>(dy, gradients.scalar(1 / known, x)), x));
      return success();
    }
    // The number of elements may be dynamic: it is counted, as a sum of ones.
    Value ones = gradients.create<FillOp>(x, getShapeFrom(x), llvm::APFloat(1.0), getElementTypeOrSelf(x.getType())),
          count = gradients.create<ReduceOp>(ReductionKind::Sum, ones, op.getAxes(), /*keep_dims=*/true);
    gradients.set(0, gradients.expandLike(gradients.create<DivOp>(dy, count), x));
    return success();
  }
  default:
    return op.emitOpError("has no gradient rule for the kind '") << stringifyReductionKind(op.getKind()) << "' yet";
  }
}

void addReductionGradients(MLIRContext *context) { addGradientRule<ReduceOp, &reduce>(context); }

} // namespace dlc
