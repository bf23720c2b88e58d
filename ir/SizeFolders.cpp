// SPDX-License-Identifier: Apache-2.0
// Ops with sizes that a run computes become those with fixed sizes once the sizes are known.
#include "ir/DlcDialect.h"
#include "ir/ElementConversion.h"
#include "ir/Layout.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"
#include "ir/OpsSize.h"
#include "ir/OpsSlicing.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace dlc {

static RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

OpFoldResult IntegersOp::fold(FoldAdaptor) {
  auto type = llvm::cast<RankedTensorType>(getType());
  llvm::SmallVector<AffineExpr> extents;
  for (Value operand : getOperands()) {
    if (!dlc::getType(operand).hasStaticShape())
      return {};
    llvm::append_range(extents, staticDims(dlc::getType(operand)));
  }
  llvm::SmallVector<Attribute> elements;
  for (AffineExpr expr : getValues().getResults()) {
    std::optional<int64_t> value = constantDim(expr.replaceSymbols(extents));
    if (!value)
      return {};
    elements.push_back(makeElement(static_cast<double>(*value), type.getElementType()));
  }
  return DenseElementsAttr::get(type, elements);
}

namespace {
struct ExpandToKnownShape final : OpRewritePattern<ExpandLikeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ExpandLikeOp op, PatternRewriter &rewriter) const override {
    RankedTensorType like = getType(op.getLike());
    if (!like.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "extents are known only at run time");
    if (!op.getOpen().empty() && !getType(op.getX()).hasStaticShape())
      return rewriter.notifyMatchFailure(op, "a run decides which extents are 1");
    rewriter.replaceOpWithNewOp<ExpandOp>(op, op.getType(), op.getX(), rewriter.getDenseI64ArrayAttr(like.getShape()));
    return success();
  }
};

struct SliceOfKnownSize final : OpRewritePattern<SliceLikeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceLikeOp op, PatternRewriter &rewriter) const override {
    RankedTensorType starts = getType(op.getStarts()), sizes = getType(op.getSizes());
    if (!starts.hasStaticShape() || !sizes.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "extents are known only at run time");
    rewriter.replaceOpWithNewOp<SliceOp>(op, op.getType(), op.getX(), rewriter.getDenseI64ArrayAttr(starts.getShape()),
                                         rewriter.getDenseI64ArrayAttr(sizes.getShape()), op.getStepsAttr());
    return success();
  }
};

struct PadToKnownSize final : OpRewritePattern<PadLikeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PadLikeOp op, PatternRewriter &rewriter) const override {
    RankedTensorType x = getType(op.getX()), low = getType(op.getLow()), sizes = getType(op.getSizes());
    if (!x.hasStaticShape() || !low.hasStaticShape() || !sizes.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "extents are known only at run time");
    llvm::SmallVector<int64_t> high;
    for (auto [extent, before, size] : llvm::zip(x.getShape(), low.getShape(), sizes.getShape()))
      high.push_back(size - extent - before);
    rewriter.replaceOpWithNewOp<PadOp>(op, op.getType(), op.getX(), op.getValue(),
                                       rewriter.getDenseI64ArrayAttr(low.getShape()),
                                       rewriter.getDenseI64ArrayAttr(high), op.getModeAttr());
    return success();
  }
};
} // namespace

void ExpandLikeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<ExpandToKnownShape>(context);
}
void SliceLikeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<SliceOfKnownSize>(context);
}
void PadLikeOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<PadToKnownSize>(context);
}

} // namespace dlc
