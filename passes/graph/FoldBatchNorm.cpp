// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
#include "ir/KnownAtLoad.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Passes.h"
#include <cmath>
#include <cstring>

#define DEBUG_TYPE "dlc-fold-batch-norm"

namespace dlc {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// What a batch normalization does to channel c: x * factors[c] + offsets[c].
struct ChannelAffine {
  std::vector<double> factors, offsets;
};

std::optional<ChannelAffine> getAffine(dlc::BatchNormOp op) {
  auto scale = dlc::ConstantData::get(op.getScale()), bias = dlc::ConstantData::get(op.getBias()),
       mean = dlc::ConstantData::get(op.getMean()), variance = dlc::ConstantData::get(op.getVariance());
  if (!scale || !bias || !mean || !variance)
    return std::nullopt;
  ChannelAffine affine;
  int64_t channels = scale->getType().getNumElements();
  for (const auto &operand : {*bias, *mean, *variance})
    if (operand.getType().getNumElements() != channels)
      return std::nullopt;
  double epsilon = op.getEpsilon().convertToDouble();
  for (int64_t c = 0; c < channels; ++c) {
    double factor = scale->getDouble(c) / std::sqrt(variance->getDouble(c) + epsilon);
    affine.factors.push_back(factor);
    affine.offsets.push_back(bias->getDouble(c) - mean->getDouble(c) * factor);
  }
  return affine;
}

/// A constant [C, 1, ...] that broadcasts over the channels of `tensor`, [N, C, spatial...].
Value makeChannelConstant(OpBuilder &builder, Location location, RankedTensorType tensor,
                          llvm::ArrayRef<double> values) {
  llvm::SmallVector<int64_t> shape(tensor.getRank() - 1, 1);
  shape[0] = values.size();
  auto type = RankedTensorType::get(shape, tensor.getElementType());
  return dlc::ConstantOp::create(builder, location, type, dlc::makeConstantFromDoubles(type, values));
}

/// `weight` with output channel c multiplied by factors[c]; f32 weights only.
ElementsAttr scaleWeight(const dlc::ConstantData &weight, llvm::ArrayRef<double> factors) {
  std::vector<char> bytes(weight.getType().getNumElements() * sizeof(float));
  int64_t perChannel = weight.getType().getNumElements() / factors.size();
  llvm::ArrayRef<char> source = weight.getBytes();
  for (size_t c = 0; c < factors.size(); ++c)
    for (int64_t i = 0; i < perChannel; ++i) {
      size_t at = (c * perChannel + i) * sizeof(float);
      float value;
      std::memcpy(&value, source.data() + (weight.isSplat() ? 0 : at), sizeof(float));
      value = static_cast<float>(value * factors[c]);
      std::memcpy(bytes.data() + at, &value, sizeof(float));
    }
  return dlc::makeConstant(weight.getType(), bytes);
}

/// batch_norm(conv(x, w) [+ b]) -> conv(x, w') + b'.
struct FoldIntoConvolution final : OpRewritePattern<dlc::BatchNormOp> {
  FoldIntoConvolution(MLIRContext *context, Pass::Statistic &folded)
      : OpRewritePattern(context, /*benefit=*/2), folded(folded) {}

  LogicalResult matchAndRewrite(dlc::BatchNormOp op, PatternRewriter &rewriter) const override {
    Value before = op.getX();
    std::optional<dlc::ConstantData> bias;
    if (auto add = before.getDefiningOp<dlc::AddOp>(); add && add->hasOneUse()) {
      bias = dlc::ConstantData::get(add.getRhs());
      before = add.getLhs();
      if (!bias) {
        bias = dlc::ConstantData::get(add.getLhs());
        before = add.getRhs();
      }
      auto type = llvm::cast<RankedTensorType>(op.getType());
      // The bias must differ from channel to channel only: [C, 1, ...] or [1, C, 1, ...].
      if (!bias || bias->getType().getNumElements() != type.getDimSize(1) ||
          bias->getType().getRank() < type.getRank() - 1 ||
          bias->getType().getDimSize(bias->getType().getRank() - type.getRank() + 1) != type.getDimSize(1))
        return rewriter.notifyMatchFailure(op, "the addition before it is no bias per channel");
    }
    auto conv = before.getDefiningOp<dlc::ConvOp>();
    if (!conv || !conv->hasOneUse())
      return rewriter.notifyMatchFailure(op, "no convolution before it, or one that others use, too");
    auto weight = dlc::ConstantData::get(conv.getW());
    if (!weight || !weight->getType().getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "the weight is no f32 constant");
    std::optional<ChannelAffine> affine = getAffine(op);
    if (!affine || static_cast<int64_t>(affine->factors.size()) != weight->getType().getDimSize(0))
      return rewriter.notifyMatchFailure(op, "statistics are not constant");
    if (bias)
      for (size_t c = 0; c < affine->offsets.size(); ++c)
        affine->offsets[c] += bias->getDouble(c) * affine->factors[c];
    Value scaled = dlc::ConstantOp::create(rewriter, conv.getW().getLoc(), weight->getType(),
                                           scaleWeight(*weight, affine->factors));
    auto type = llvm::cast<RankedTensorType>(op.getType());
    Value folded =
        dlc::ConvOp::create(rewriter, conv.getLoc(), conv.getType(), conv.getX(), scaled, conv.getStridesAttr(),
                            conv.getDilationsAttr(), conv.getPadsAttr(), conv.getGroupsAttr());
    Value offset = makeChannelConstant(rewriter, op.getLoc(), type, affine->offsets);
    rewriter.replaceOpWithNewOp<dlc::AddOp>(op, op.getType(), folded, offset);
    ++this->folded;
    return success();
  }

  Pass::Statistic &folded;
};

/// batch_norm(x) -> x * a + b.
struct ExpandToAffine final : OpRewritePattern<dlc::BatchNormOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::BatchNormOp op, PatternRewriter &rewriter) const override {
    auto type = llvm::cast<RankedTensorType>(op.getType());
    std::optional<ChannelAffine> affine = getAffine(op);
    if (!affine || !llvm::isa<FloatType>(type.getElementType()) || type.getRank() < 2)
      return rewriter.notifyMatchFailure(op, "statistics are not constant");
    Value factor = makeChannelConstant(rewriter, op.getLoc(), type, affine->factors);
    Value offset = makeChannelConstant(rewriter, op.getLoc(), type, affine->offsets);
    Value product = dlc::MulOp::create(rewriter, op.getLoc(), type, op.getX(), factor);
    rewriter.replaceOpWithNewOp<dlc::AddOp>(op, type, product, offset);
    return success();
  }
};

//===-- The same as ops, for weights that may be replaced ------------------===//

/// x * factor + offset, both [C].
struct ChannelOps {
  Value factor, offset;
};

/// None if statistics are computed in the run, or are constants all.
std::optional<ChannelOps> makeAffine(OpBuilder &builder, dlc::BatchNormOp op) {
  bool areWeights = false;
  for (Value operand : {op.getScale(), op.getBias(), op.getMean(), op.getVariance()}) {
    auto type = llvm::cast<RankedTensorType>(operand.getType());
    if (!dlc::isKnownAtLoad(operand) || type.getRank() != 1 || !llvm::isa<FloatType>(type.getElementType()) ||
        type != op.getScale().getType())
      return std::nullopt;
    areWeights |= dlc::followsFromWeights(operand);
  }
  if (!areWeights)
    return std::nullopt;
  Location location = op.getLoc();
  Value epsilon = dlc::createScalar(builder, location, op.getEpsilon().convertToDouble(),
                                    getElementTypeOrSelf(op.getVariance().getType())),
        deviation =
            dlc::SqrtOp::create(builder, location, dlc::AddOp::create(builder, location, op.getVariance(), epsilon)),
        factor = dlc::DivOp::create(builder, location, op.getScale(), deviation),
        shift = dlc::MulOp::create(builder, location, op.getMean(), factor);
  return ChannelOps{factor, dlc::SubOp::create(builder, location, op.getBias(), shift)};
}

/// [C] as [C, 1, ...] of rank `rank`.
Value spreadChannels(OpBuilder &builder, Value channels, int64_t rank) {
  llvm::SmallVector<int64_t> shape(rank, 1);
  shape[0] = llvm::cast<RankedTensorType>(channels.getType()).getDimSize(0);
  return dlc::ReshapeOp::create(builder, channels.getLoc(), channels, shape);
}

/// batch_norm(conv(x, w) [+ b]) -> conv(x, w * a) + b'.
struct FoldReplaceable final : OpRewritePattern<dlc::BatchNormOp> {
  FoldReplaceable(MLIRContext *context, Pass::Statistic &folded)
      : OpRewritePattern(context, /*benefit=*/2), folded(folded) {}

  LogicalResult matchAndRewrite(dlc::BatchNormOp op, PatternRewriter &rewriter) const override {
    auto type = llvm::cast<RankedTensorType>(op.getType());
    Value before = op.getX(), bias;
    if (auto add = before.getDefiningOp<dlc::AddOp>(); add && add->hasOneUse()) {
      bool isRight = dlc::isKnownAtLoad(add.getRhs());
      bias = isRight ? add.getRhs() : add.getLhs();
      before = isRight ? add.getLhs() : add.getRhs();
      auto biasType = llvm::cast<RankedTensorType>(bias.getType());
      if (!dlc::isKnownAtLoad(bias) || biasType.getNumElements() != type.getDimSize(1) ||
          biasType.getRank() < type.getRank() - 1 ||
          biasType.getDimSize(biasType.getRank() - type.getRank() + 1) != type.getDimSize(1))
        return rewriter.notifyMatchFailure(op, "the addition before it is no bias per channel");
    }
    auto conv = before.getDefiningOp<dlc::ConvOp>();
    if (!conv || !conv->hasOneUse() || !dlc::isKnownAtLoad(conv.getW()))
      return rewriter.notifyMatchFailure(op, "no convolution with a known weight before it, or one that others use");
    auto weight = llvm::cast<RankedTensorType>(conv.getW().getType());
    if (weight.getElementType() != type.getElementType() ||
        llvm::cast<RankedTensorType>(op.getScale().getType()) !=
            RankedTensorType::get({weight.getDimSize(0)}, weight.getElementType()))
      return rewriter.notifyMatchFailure(op, "weights and statistics are of different types");
    std::optional<ChannelOps> affine = makeAffine(rewriter, op);
    if (!affine)
      return rewriter.notifyMatchFailure(op, "statistics do not follow from weights");
    Location location = op.getLoc();
    Value scaled = dlc::MulOp::create(rewriter, conv.getW().getLoc(), conv.getW(),
                                      spreadChannels(rewriter, affine->factor, weight.getRank()));
    Value folded =
        dlc::ConvOp::create(rewriter, conv.getLoc(), conv.getType(), conv.getX(), scaled, conv.getStridesAttr(),
                            conv.getDilationsAttr(), conv.getPadsAttr(), conv.getGroupsAttr());
    Value offset = affine->offset;
    if (bias) {
      Value flat = dlc::ReshapeOp::create(rewriter, location, bias, llvm::ArrayRef<int64_t>{weight.getDimSize(0)});
      offset =
          dlc::AddOp::create(rewriter, location, offset, dlc::MulOp::create(rewriter, location, flat, affine->factor));
    }
    rewriter.replaceOpWithNewOp<dlc::AddOp>(op, op.getType(), folded,
                                            spreadChannels(rewriter, offset, type.getRank() - 1));
    ++this->folded;
    return success();
  }

  Pass::Statistic &folded;
};

/// batch_norm(x) -> x * a + b.
struct ExpandReplaceable final : OpRewritePattern<dlc::BatchNormOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(dlc::BatchNormOp op, PatternRewriter &rewriter) const override {
    auto type = llvm::cast<RankedTensorType>(op.getType());
    if (type.getRank() < 2 || getElementTypeOrSelf(op.getScale().getType()) != type.getElementType())
      return rewriter.notifyMatchFailure(op, "statistics are of another type");
    std::optional<ChannelOps> affine = makeAffine(rewriter, op);
    if (!affine)
      return rewriter.notifyMatchFailure(op, "statistics do not follow from weights");
    Value product = dlc::MulOp::create(rewriter, op.getLoc(), type, op.getX(),
                                       spreadChannels(rewriter, affine->factor, type.getRank() - 1));
    rewriter.replaceOpWithNewOp<dlc::AddOp>(op, type, product,
                                            spreadChannels(rewriter, affine->offset, type.getRank() - 1));
    return success();
  }
};

class FoldBatchNorm final : public dlc::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldIntoConvolution, FoldReplaceable>(&getContext(), folded);
    patterns.add<ExpandToAffine, ExpandReplaceable>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
