// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
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

class FoldBatchNorm final : public dlc::impl::FoldBatchNormBase<FoldBatchNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FoldIntoConvolution>(&getContext(), folded);
    patterns.add<ExpandToAffine>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
