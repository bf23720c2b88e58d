// SPDX-License-Identifier: Apache-2.0
// Local simplifications: what holds for an op in itself, whatever surrounds it.
#include "ir/DlcDialect.h"
#include "ir/ElementConversion.h"
#include "ir/Layout.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLayout.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "ir/OpsTransposition.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace dlc {

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

/// Whether `attribute` is a constant whose elements are all `value`.
static bool isSplatOf(Attribute attribute, double value) {
  auto dense = llvm::dyn_cast_or_null<DenseElementsAttr>(attribute);
  if (!dense || !dense.isSplat())
    return false;
  if (llvm::isa<FloatType>(dense.getElementType()))
    return dense.getSplatValue<llvm::APFloat>().isExactlyValue(value);
  if (auto type = llvm::dyn_cast<IntegerType>(dense.getElementType()))
    return dense.getSplatValue<llvm::APInt>() ==
           llvm::APInt(type.getWidth(), static_cast<uint64_t>(value), false, true);
  return false;
}

/// `kept` if replacing the op by it leaves the type as it is (no broadcast took place).
static OpFoldResult keepIfSameType(Value kept, Value result) {
  return kept.getType() == result.getType() ? OpFoldResult(kept) : OpFoldResult();
}

// x + 0 is not folded in floating point where x may be -0 (the sum is +0): harmless for every model, but not IEEE; the
// exact neutral element is -0 for sums and 0 for differences.
OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  bool isFloat = llvm::isa<FloatType>(getElementTypeOrSelf(getType()));
  if (isSplatOf(adaptor.getRhs(), isFloat ? -0.0 : 0.0))
    return keepIfSameType(getLhs(), getResult());
  return {};
}
OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 0.0))
    return keepIfSameType(getLhs(), getResult());
  return {};
}
OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 1.0))
    return keepIfSameType(getLhs(), getResult());
  return {};
}
OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  if (isSplatOf(adaptor.getRhs(), 1.0))
    return keepIfSameType(getLhs(), getResult());
  return {};
}
OpFoldResult CastOp::fold(FoldAdaptor) { return keepIfSameType(getX(), getResult()); }

OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  auto type = llvm::cast<RankedTensorType>(getType());
  // With two dynamic extents the types may agree where the extents do not.
  return type.getNumDynamicDims() <= 1 ? keepIfSameType(getX(), getResult()) : OpFoldResult();
}

/// `value` everywhere in a tensor of static shape.
static OpFoldResult makeSplat(RankedTensorType type, double value) {
  return DenseElementsAttr::get(type, makeElement(value, type.getElementType()));
}

OpFoldResult FillOp::fold(FoldAdaptor) {
  auto type = llvm::cast<RankedTensorType>(getType());
  if (!type.hasStaticShape() || getLayout(type))
    return {};
  return makeSplat(type, getValue().convertToDouble());
}

OpFoldResult ExtentOp::fold(FoldAdaptor) {
  auto type = llvm::cast<RankedTensorType>(getX().getType());
  int64_t product = 1;
  for (int64_t axis : getAxes()) {
    if (type.isDynamicDim(axis))
      return {};
    product *= type.getDimSize(axis);
  }
  return makeSplat(llvm::cast<RankedTensorType>(getType()), static_cast<double>(product));
}

OpFoldResult ReshapeLikeOp::fold(FoldAdaptor) {
  auto type = llvm::cast<RankedTensorType>(getType());
  return type.getNumDynamicDims() <= 1 ? keepIfSameType(getX(), getResult()) : OpFoldResult();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  return llvm::equal(getPermutation(), llvm::seq<int64_t>(0, getPermutation().size()))
             ? keepIfSameType(getX(), getResult())
             : OpFoldResult();
}

OpFoldResult PackOp::fold(FoldAdaptor adaptor) {
  if (getX().getType() == getType())
    return getX();
  // A constant is stored in its type's layout, its value stays row-major. Winograd weights grow, so they are computed
  // at load.
  if (adaptor.getX() && !getLayout(getX().getType()) && getLayout(getType()) && getLayout(getType()).getWinograd() == 0)
    return adaptor.getX();
  if (auto unpack = getX().getDefiningOp<UnpackOp>(); unpack && unpack.getX().getType() == getType())
    return unpack.getX();
  return {};
}
OpFoldResult UnpackOp::fold(FoldAdaptor) {
  if (getX().getType() == getType())
    return getX();
  if (auto pack = getX().getDefiningOp<PackOp>(); pack && pack.getX().getType() == getType())
    return pack.getX();
  return {};
}

namespace {
/// A reshape of a reshape reads the first operand, if the outer one names no extent of the inner one.
struct MergeReshapes final : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<ReshapeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is not a reshape");
    if (llvm::any_of(op.getShape(), [](int64_t extent) { return extent < -1; }))
      return rewriter.notifyMatchFailure(op, "extents refer to the inner reshape");
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), inner.getX(), op.getShapeAttr());
    return success();
  }
};

/// A shape that is known except for one extent does not need another tensor.
struct ReshapeLikeKnownShape final : OpRewritePattern<ReshapeLikeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeLikeOp op, PatternRewriter &rewriter) const override {
    auto type = llvm::cast<RankedTensorType>(op.getType());
    if (type.getNumDynamicDims() > 1 || llvm::is_contained(type.getShape(), 0))
      return rewriter.notifyMatchFailure(op, "more than one extent is unknown, or an extent of 0 hides it");
    llvm::SmallVector<int64_t> shape(type.getShape());
    llvm::replace(shape, ShapedType::kDynamic, int64_t(-1));
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, type, op.getX(), rewriter.getDenseI64ArrayAttr(shape));
    return success();
  }
};

/// Two transposes become one.
struct MergeTransposes final : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getX().getDefiningOp<TransposeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "operand is not a transpose");
    llvm::SmallVector<int64_t> permutation;
    for (int64_t dim : op.getPermutation())
      permutation.push_back(inner.getPermutation()[dim]);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getX(),
                                             rewriter.getDenseI64ArrayAttr(permutation));
    return success();
  }
};

/// A transpose that moves only dimensions of extent 1 past others is a reshape, which costs nothing.
struct TransposeOfUnitDims final : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto source = llvm::cast<RankedTensorType>(op.getX().getType());
    if (source.getNumDynamicDims() > 1 || getLayout(source) || getLayout(op.getType()))
      return rewriter.notifyMatchFailure(op, "more than one dynamic extent, or a layout");
    int64_t previous = -1;
    llvm::SmallVector<int64_t> shape;
    for (int64_t dim : op.getPermutation()) {
      shape.push_back(source.isDynamicDim(dim) ? -1 : source.getDimSize(dim));
      if (source.getDimSize(dim) == 1)
        continue;
      if (dim < previous)
        return rewriter.notifyMatchFailure(op, "moves elements");
      previous = dim;
    }
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getX(), rewriter.getDenseI64ArrayAttr(shape));
    return success();
  }
};

/// A reduction over extents of 1 (or over none) reduces each element alone.
struct ReductionOfSingleElements final : OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    auto type = llvm::cast<RankedTensorType>(op.getX().getType());
    if (llvm::any_of(op.getAxes(), [&](int64_t axis) { return type.getDimSize(axis) != 1; }) ||
        type.getNumDynamicDims() > 1 || getLayout(type) || getLayout(op.getType()))
      return rewriter.notifyMatchFailure(op, "reduces more than single elements");
    Location location = op.getLoc();
    Value x = op.getX(), value = x;
    switch (op.getKind()) {
    case ReductionKind::L1:
      value = AbsOp::create(rewriter, location, type, x);
      break;
    // Their squares and logarithms are computed in the type of the sum, which elementwise ops do not have.
    case ReductionKind::L2:
    case ReductionKind::LogSum:
    case ReductionKind::SumSquare:
    case ReductionKind::LogSumExp:
      return rewriter.notifyMatchFailure(op, "changes the elements");
    default:
      break;
    }
    llvm::SmallVector<int64_t> shape;
    for (int64_t extent : llvm::cast<RankedTensorType>(op.getType()).getShape())
      shape.push_back(ShapedType::isDynamic(extent) ? -1 : extent);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), value, rewriter.getDenseI64ArrayAttr(shape));
    return success();
  }
};
} // namespace

void ReduceOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ReductionOfSingleElements>(context);
}
void ReshapeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeReshapes>(context);
}
void ReshapeLikeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ReshapeLikeKnownShape>(context);
}
void TransposeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<MergeTransposes, TransposeOfUnitDims>(context);
}

} // namespace dlc
