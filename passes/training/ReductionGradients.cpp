// SPDX-License-Identifier: Apache-2.0
// Gradient rules of reductions.
#include "passes/training/Formula.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

/// `y`, the result of a reduction (or its gradient), with the reduced dimensions back as extents of 1.
static Value keepDims(ReduceOp op, Value y, GradientBuilder &gradients) {
  if (op.getKeepDims())
    return y;
  llvm::SmallVector<int64_t> shape;
  int64_t next = 0;
  for (int64_t dim = 0; dim < llvm::cast<RankedTensorType>(op.getX().getType()).getRank(); ++dim)
    shape.push_back(llvm::is_contained(op.getAxes(), dim) ? 1 : spellExtent(y, next++));
  return gradients.create<ReshapeOp>(y, shape);
}

static Term sumOver(ReduceOp op, const Term &x, GradientBuilder &gradients) {
  return {gradients, gradients.create<ReduceOp>(ReductionKind::Sum, x, op.getAxes(), /*keep_dims=*/true)};
}

// The largest (or smallest) elements of a row share its gradient evenly.
static Value ofExtreme(ReduceOp op, const Term &x, const Term &y, const Term &dy, GradientBuilder &gradients) {
  Term isExtreme = x.apply<EqualOp>(y);
  return isExtreme.choose(dy / sumOver(op, isExtreme.choose(x.number(1), 0.0), gradients), 0.0);
}

// The product of the others. A row with one 0 has a gradient at that place only, one with more has none.
static Value ofProduct(ReduceOp op, const Term &x, const Term &y, const Term &dy, GradientBuilder &gradients) {
  Term isZero = x.apply<EqualOp>(0.0), zeros = sumOver(op, isZero.choose(x.number(1), 0.0), gradients);
  Term others(gradients, gradients.create<ReduceOp>(ReductionKind::Prod, isZero.choose(1.0, x), op.getAxes(),
                                                    /*keep_dims=*/true));
  Term atZero = zeros.apply<EqualOp>(1.0).choose(dy * others, 0.0);
  return isZero.choose(atZero, dy * y / isZero.choose(1.0, x));
}

static LogicalResult reduce(ReduceOp op, GradientBuilder &gradients) {
  Term x(gradients, op.getX()), y(gradients, keepDims(op, op.getResult(), gradients)),
      dy(gradients, keepDims(op, gradients.getResultGradient(), gradients));
  auto set = [&](Value gradient) {
    gradients.set(0, gradients.expandLike(gradient, x));
    return success();
  };
  switch (op.getKind()) {
  case ReductionKind::Sum:
    return set(dy);
  case ReductionKind::Mean:
    return set(dy / Term(gradients, gradients.countPlaces(x, op.getAxes())));
  case ReductionKind::Max:
  case ReductionKind::Min:
    return set(ofExtreme(op, x, y, dy, gradients));
  case ReductionKind::Prod:
    return set(ofProduct(op, x, y, dy, gradients));
  case ReductionKind::L1:
    return set(dy * x.apply<SignOp>());
  case ReductionKind::L2: // 0 where the norm is 0
    return set(dy * (y.apply<EqualOp>(0.0).choose(0.0, x / y)));
  case ReductionKind::LogSum:
    return set(dy / sumOver(op, x, gradients));
  case ReductionKind::LogSumExp: // of elements that are all -infinity: 0
    return set(y.apply<EqualOp>(-HUGE_VAL).choose(0.0, dy * exp(x - y)));
  case ReductionKind::SumSquare:
    return set(2 * dy * x);
  }
  llvm_unreachable("all kinds are handled");
}

void addReductionGradients(MLIRContext *context) { addGradientRule<ReduceOp, &reduce>(context); }

} // namespace dlc
