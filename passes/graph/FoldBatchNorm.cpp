// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
#include "ir/LoadTimeConstants.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsConversion.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsShape.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/Passes.h"
#include "passes/graph/FoldConstants.h"
#include "passes/graph/RewriteGraph.h"

#define DEBUG_TYPE "dlc-fold-batch-norm"

namespace dlc {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

RankedTensorType getType(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

Value convert(PatternRewriter &rewriter, Value value, Type elementType) {
  return getType(value).getElementType() == elementType
             ? value
             : dlc::computeOrCreate<dlc::CastOp>(rewriter, value.getLoc(), value, elementType);
}

/// [C] as [C, 1, ...] of rank `rank`, in `elementType`.
Value spreadChannels(PatternRewriter &rewriter, Value channels, int64_t rank, Type elementType) {
  llvm::SmallVector<int64_t> shape(rank, 1);
  shape[0] = getType(channels).getDimSize(0);
  return dlc::computeOrCreate<dlc::ReshapeOp>(rewriter, channels.getLoc(), convert(rewriter, channels, elementType),
                                              shape);
}

/// What a batch normalization does to channel c: x * factor[c] + offset[c]. Both are f64, so that weights are rounded
/// once.
struct ChannelAffine {
  Value factor, offset;
};

/// Whether `value` is there before a run, and can be computed with: printed IR may leave the elements of constants out.
bool isKnown(Value value) {
  return value.getDefiningOp<dlc::ConstantOp>() ? dlc::ConstantData::get(value).has_value()
                                                : dlc::dependsOnWeightsOnly(value);
}

/// Whether statistics, scale and bias are known: not so in training.
bool hasKnownChannels(dlc::BatchNormOp op) {
  return llvm::all_of(op->getOperands().drop_front(), [&](Value operand) {
    return isKnown(operand) && getType(operand).getRank() == 1 &&
           llvm::isa<FloatType>(getType(operand).getElementType()) &&
           getType(operand).getShape() == getType(op.getScale()).getShape();
  });
}

ChannelAffine makeAffine(PatternRewriter &rewriter, dlc::BatchNormOp op) {
  Location location = op.getLoc();
  Type wide = rewriter.getF64Type();
  Value epsilon = dlc::createScalar(rewriter, location, op.getEpsilon().convertToDouble(), wide),
        sum = dlc::computeOrCreate<dlc::AddOp>(rewriter, location, convert(rewriter, op.getVariance(), wide), epsilon),
        deviation = dlc::computeOrCreate<dlc::SqrtOp>(rewriter, location, sum),
        factor =
            dlc::computeOrCreate<dlc::DivOp>(rewriter, location, convert(rewriter, op.getScale(), wide), deviation),
        shift = dlc::computeOrCreate<dlc::MulOp>(rewriter, location, convert(rewriter, op.getMean(), wide), factor);
  return {factor, dlc::computeOrCreate<dlc::SubOp>(rewriter, location, convert(rewriter, op.getBias(), wide), shift)};
}

/// Whether `bias` is known and differs from channel to channel of `type` only: [C, 1, ...] or [1, C, 1, ...].
bool isChannelBias(Value bias, RankedTensorType type) {
  RankedTensorType biasType = getType(bias);
  return isKnown(bias) && biasType.getNumElements() == type.getDimSize(1) && biasType.getRank() >= type.getRank() - 1 &&
         biasType.getDimSize(biasType.getRank() - type.getRank() + 1) == type.getDimSize(1);
}

/// batch_norm(conv(x, w) [+ b]) -> conv(x, w * a) + b'.
struct FoldIntoConvolution final : OpRewritePattern<dlc::BatchNormOp> {
  FoldIntoConvolution(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/2) {}

  LogicalResult matchAndRewrite(dlc::BatchNormOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = getType(op);
    Value before = op.getX(), bias;
    if (auto add = before.getDefiningOp<dlc::AddOp>(); add && add->hasOneUse()) {
      bool isRight = isKnown(add.getRhs());
      bias = isRight ? add.getRhs() : add.getLhs();
      before = isRight ? add.getLhs() : add.getRhs();
      if (!isChannelBias(bias, type))
        return rewriter.notifyMatchFailure(op, "the addition before it is not a bias per channel");
    }
    auto conv = before.getDefiningOp<dlc::ConvOp>();
    if (!conv || !conv->hasOneUse())
      return rewriter.notifyMatchFailure(op, "no convolution before it, or one that others use, too");
    RankedTensorType weight = getType(conv.getW());
    Type elementType = weight.getElementType();
    if (!isKnown(conv.getW()) || !(elementType.isF32() || elementType.isF64()))
      return rewriter.notifyMatchFailure(op, "the weight is not known before a run, or neither f32 nor f64");
    if (!hasKnownChannels(op) || getType(op.getScale()).getDimSize(0) != weight.getDimSize(0))
      return rewriter.notifyMatchFailure(op, "statistics are not known before a run");
    ChannelAffine affine = makeAffine(rewriter, op);
    if (bias) {
      Value flat = dlc::computeOrCreate<dlc::ReshapeOp>(rewriter, op.getLoc(),
                                                        convert(rewriter, bias, rewriter.getF64Type()),
                                                        llvm::ArrayRef<int64_t>{weight.getDimSize(0)}),
            moved = dlc::computeOrCreate<dlc::MulOp>(rewriter, op.getLoc(), flat, affine.factor);
      affine.offset = dlc::computeOrCreate<dlc::AddOp>(rewriter, op.getLoc(), affine.offset, moved);
    }
    Value scaled =
              dlc::computeOrCreate<dlc::MulOp>(rewriter, conv.getW().getLoc(), conv.getW(),
                                               spreadChannels(rewriter, affine.factor, weight.getRank(), elementType)),
          sum = dlc::ConvOp::create(rewriter, conv.getLoc(), conv.getType(), conv.getX(), scaled, conv.getStridesAttr(),
                                    conv.getDilationsAttr(), conv.getPadsAttr(), conv.getGroupsAttr());
    rewriter.replaceOpWithNewOp<dlc::AddOp>(
        op, type, sum, spreadChannels(rewriter, affine.offset, type.getRank() - 1, type.getElementType()));
    return success();
  }
};

/// batch_norm(x) -> x * a + b.
struct ExpandToAffine final : OpRewritePattern<dlc::BatchNormOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::BatchNormOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = getType(op);
    Type elementType = type.getElementType();
    if (!hasKnownChannels(op) || !llvm::isa<FloatType>(elementType) || type.getRank() < 2)
      return rewriter.notifyMatchFailure(op, "statistics are not known before a run");
    ChannelAffine affine = makeAffine(rewriter, op);
    Value factor = spreadChannels(rewriter, affine.factor, type.getRank() - 1, elementType),
          offset = spreadChannels(rewriter, affine.offset, type.getRank() - 1, elementType),
          product = dlc::MulOp::create(rewriter, op.getLoc(), type, op.getX(), factor);
    rewriter.replaceOpWithNewOp<dlc::AddOp>(op, type, product, offset);
    return success();
  }
};

class FoldBatchNorm final : public dlc::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldIntoConvolution, ExpandToAffine>(&getContext());
    if (failed(dlc::rewriteGraph(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
