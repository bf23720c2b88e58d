// SPDX-License-Identifier: Apache-2.0
// Gradient rules of reductions.
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
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
    shape.push_back(llvm::is_contained(op.getAxes(), dim) ? 1 : getReshapeExtent(y, next++));
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

/// The product of all other elements of its row, for each element of `x` along dimension `axis`: as a product of n
/// elements for each of n, with 1 instead of itself. No quotient is taken, so zeros and products that underflow need no
/// case of their own, in this gradient as in those of it.
static Term multiplyOthers(const Term &x, int64_t axis, GradientBuilder &gradients) {
  llvm::SmallVector<int64_t> shape = getShapeFrom(x);
  int64_t rank = static_cast<int64_t>(shape.size());
  Term positions(gradients, gradients.create<IndexOp>(x, axis));
  auto along = [&](int64_t before, int64_t after) {
    llvm::SmallVector<int64_t> extents(before + 1 + after, 1);
    extents[before] = getReshapeExtent(positions, 0);
    return Term(gradients, gradients.create<ReshapeOp>(positions, extents));
  };
  Term isSelf = along(0, rank - axis).apply<EqualOp>(along(0, rank - axis - 1));
  shape.insert(shape.begin() + axis, 1);
  Term rows(gradients, gradients.create<ReshapeOp>(x, shape));
  return {gradients, gradients.create<ReduceOp>(ReductionKind::Prod, isSelf.choose(1.0, rows),
                                                llvm::ArrayRef<int64_t>{axis + 1}, /*keep_dims=*/false)};
}

/// A product over several dimensions is one over the last of them, then over those before.
static Value ofProduct(ReduceOp op, const Term &x, const Term &dy, GradientBuilder &gradients) {
  llvm::SmallVector<int64_t> axes(op.getAxes());
  llvm::sort(axes);
  llvm::SmallVector<Term> partial{x};
  for (int64_t axis : llvm::reverse(axes))
    partial.emplace_back(gradients, gradients.create<ReduceOp>(ReductionKind::Prod, partial.back(),
                                                               llvm::ArrayRef<int64_t>{axis}, /*keep_dims=*/true));
  Term gradient = dy;
  for (size_t i = 0; i < axes.size(); ++i)
    gradient = gradient * multiplyOthers(partial[axes.size() - 1 - i], axes[i], gradients);
  return gradient;
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
    return set(dy / Term(gradients, gradients.countElements(x, op.getAxes())));
  case ReductionKind::Max:
  case ReductionKind::Min:
    return set(ofExtreme(op, x, y, dy, gradients));
  case ReductionKind::Prod:
    return set(ofProduct(op, x, dy, gradients));
  case ReductionKind::L1:
    return set(dy.times(x.apply<SignOp>()));
  case ReductionKind::L2: // 0 where the norm is 0
    return set(dy.times(y.apply<EqualOp>(0.0).choose(0.0, x / y)));
  case ReductionKind::LogSum:
    return set(dy.absorb(dy / sumOver(op, x, gradients), /*isSingular=*/true));
  case ReductionKind::LogSumExp: // of elements that are all -infinity: 0
    return set(y.apply<EqualOp>(-HUGE_VAL).choose(0.0, dy.times(exp(x - y))));
  case ReductionKind::SumSquare:
    return set((2 * dy).times(x));
  }
  llvm_unreachable("all kinds are handled");
}

void addReductionGradients(MLIRContext *context) { addGradientRule<ReduceOp, &reduce>(context); }

} // namespace dlc
