// SPDX-License-Identifier: Apache-2.0
// Gradient rules of ops whose results have sizes that a run computes.
#include "ir/ExtentAlgebra.h"
#include "ir/OpsConstant.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "ir/OpsSize.h"
#include "passes/training/Formula.h"
#include "passes/training/GradientRules.h"

using namespace mlir;

namespace dlc {

// A dimension of n elements that was broadcast, or not, to r has r / n times n elements, of which those that came from
// one element are summed.
static LogicalResult expandLike(ExpandLikeOp op, GradientBuilder &gradients) {
  Value gradient = gradients.getResultGradient(), x = op.getX();
  if (op.getOpen().empty()) {
    gradients.set(0, gradient);
    return success();
  }
  Builder &builder = gradients.builder;
  int64_t rank = llvm::cast<RankedTensorType>(x.getType()).getRank(),
          lead = llvm::cast<RankedTensorType>(gradient.getType()).getRank() - rank;
  llvm::SmallVector<AffineExpr> apart;
  llvm::SmallVector<int64_t> repeats;
  for (int64_t dim = 0; dim < lead + rank; ++dim) {
    AffineExpr whole = builder.getAffineSymbolExpr(rank + dim);
    if (llvm::is_contained(op.getOpen(), dim - lead)) {
      AffineExpr own = builder.getAffineSymbolExpr(dim - lead);
      repeats.push_back(static_cast<int64_t>(apart.size()));
      apart.push_back(divideExtents(whole, own));
      whole = own;
    }
    apart.push_back(whole);
  }
  auto map = AffineMap::get(0, 2 * rank + lead, apart, op.getContext());
  Value shape = gradients.create<ShapeOp>(ValueRange{x, gradient}, map);
  gradient = gradients.create<ReshapeLikeOp>(gradient, shape);
  gradients.set(0, gradients.create<ReduceOp>(ReductionKind::Sum, gradient, repeats, /*keep_dims=*/false));
  return success();
}

/// The extent of dimension `dim` of `shape`, as an i64.
static Value getExtent(Value shape, int64_t dim, GradientBuilder &gradients) {
  return gradients.create<ExtentOp>(shape, llvm::ArrayRef<int64_t>{dim}, gradients.builder.getI64Type());
}

// Each element goes back to where it came from, one dimension after another.
static LogicalResult sliceLike(SliceLikeOp op, GradientBuilder &gradients) {
  Value gradient = gradients.widen(gradients.getResultGradient());
  auto whole = llvm::cast<RankedTensorType>(op.getX().getType());
  for (int64_t dim = 0; dim < whole.getRank(); ++dim) {
    Value numbers = gradients.create<IndexOp>(op.getSizes(), dim);
    auto scalar = RankedTensorType::get({}, gradients.builder.getI64Type());
    Value step = ConstantOp::create(gradients.builder, op.getLoc(), scalar,
                                    DenseElementsAttr::get(scalar, llvm::ArrayRef<int64_t>{op.getSteps()[dim]}));
    Value positions = gradients.add(gradients.multiply(numbers, step), getExtent(op.getStarts(), dim, gradients));
    gradient = gradients.create<ScatterAddOp>(op.getX(), positions, gradient, dim);
  }
  gradients.set(0, gradient);
  return success();
}

static LogicalResult padLike(PadLikeOp op, GradientBuilder &gradients) {
  if (op.getMode() != PadMode::Constant)
    return gradients.reportMissingRule(" for sizes that a run computes, unless it pads with a constant");
  if (op.getValue() && gradients.wants(1))
    return gradients.reportMissingRule(" for the value that fills, with sizes that a run computes");
  if (!gradients.wants(0))
    return success();
  Value gradient = gradients.getResultGradient();
  for (int64_t dim = 0; dim < llvm::cast<RankedTensorType>(op.getX().getType()).getRank(); ++dim) {
    Value positions = gradients.add(gradients.create<IndexOp>(op.getX(), dim), getExtent(op.getLow(), dim, gradients));
    gradient = gradients.create<GatherOp>(gradient, positions, dim);
  }
  gradients.set(0, gradient);
  return success();
}

void addSizeGradients(MLIRContext *context) {
  addGradientRule<ExpandLikeOp, &expandLike>(context);
  addGradientRule<SliceLikeOp, &sliceLike>(context);
  addGradientRule<PadLikeOp, &padLike>(context);
}

} // namespace dlc
