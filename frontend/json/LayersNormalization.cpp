// SPDX-License-Identifier: Apache-2.0
// Normalizations with their parameters.
#include "frontend/json/LayerKinds.h"
#include "ir/OpsNormalization.h"

using namespace mlir;
using namespace dlc::json;

static const LayerParameter scaleParameter = {"weight", {"gamma"}, "ones"};
static const LayerParameter shiftParameter = {"bias", {"beta"}, "zeros"};

/// The channels of [N, C, ...].
static std::optional<int64_t> expectChannels(LayerContext &context) {
  if (typeOf(context.input()).getRank() < 2) {
    context.error("expects an input [N, C, ...] of rank 2 or more, got " + describeTensor(context.input()));
    return std::nullopt;
  }
  return context.expectExtent(1, "the number of channels");
}

static Value buildBatchNorm(LayerContext &context) {
  std::optional<int64_t> channels = expectChannels(context);
  if (!channels)
    return {};
  Value scale = context.parameter(scaleParameter, {*channels}), shift = context.parameter(shiftParameter, {*channels});
  LayerParameter keptMean = {"running_mean", {"moving_mean"}, "zeros"},
                 keptVariance = {"running_var", {"moving_variance"}, "ones"};
  keptMean.kind = keptVariance.kind = "buffer";
  Value mean = context.parameter(keptMean, {*channels}), variance = context.parameter(keptVariance, {*channels});
  if (!scale || !shift || !mean || !variance)
    return {};
  // Statistics follow in the manner of PyTorch: the variance without bias.
  std::string owner = context.name + "." + context.rolePrefix;
  if (context.training)
    return context.activate(context.training->normalizeBatch(
        context, context.input(), scale, shift, {owner + "running_mean", owner + "running_var"}, {mean, variance},
        context.attributes.number("momentum"), context.attributes.number("epsilon"), /*isUnbiased=*/true));
  return context.activate(context.create<dlc::BatchNormOp>(context.input(), scale, shift, mean, variance,
                                                           llvm::APFloat(context.attributes.number("epsilon"))));
}

/// Layer and root-mean-square normalization: over the dimensions from `axis` on.
template <bool rootMeanSquare> static Value buildLayerNorm(LayerContext &context) {
  RankedTensorType type = typeOf(context.input());
  int64_t axis = context.attributes.integer("axis");
  if (axis < -type.getRank() || axis >= type.getRank())
    return context.error("axis", "has no axis " + Twine(axis) + " in its input " + describeTensor(context.input()));
  axis += axis < 0 ? type.getRank() : 0;
  SmallVector<int64_t> shape;
  for (int64_t dim = axis; dim < type.getRank(); ++dim) {
    std::optional<int64_t> extent = context.expectExtent(dim, "the normalized extents");
    if (!extent)
      return {};
    shape.push_back(*extent);
  }
  Value scale = context.parameter(scaleParameter, shape);
  Value shift = rootMeanSquare ? Value() : context.parameter(shiftParameter, shape);
  if (!scale || (!rootMeanSquare && !shift))
    return {};
  return context.activate(context.create<dlc::LayerNormOp>(
      context.input(), OptionalOperand{scale}, OptionalOperand{shift}, static_cast<uint64_t>(axis),
      llvm::APFloat(context.attributes.number("epsilon")), rootMeanSquare));
}

/// Group normalization; instance normalization has one group a channel.
static Value normalizeGroups(LayerContext &context, int64_t groups, int64_t channels) {
  Value scale = context.parameter(scaleParameter, {channels}), shift = context.parameter(shiftParameter, {channels});
  return context.activate(context.create<dlc::GroupNormOp>(context.input(), scale, shift, static_cast<uint64_t>(groups),
                                                           llvm::APFloat(context.attributes.number("epsilon"))));
}
static Value buildGroupNorm(LayerContext &context) {
  std::optional<int64_t> channels = expectChannels(context);
  if (!channels)
    return {};
  int64_t groups = context.attributes.integer("groups");
  if (*channels % groups != 0)
    return context.error("groups",
                         "has " + Twine(groups) + " groups, which must divide its " + Twine(*channels) + " channels");
  return normalizeGroups(context, groups, *channels);
}
static Value buildInstanceNorm(LayerContext &context) {
  std::optional<int64_t> channels = expectChannels(context);
  return channels ? normalizeGroups(context, *channels, *channels) : Value();
}

static Value buildLocalResponseNorm(LayerContext &context) {
  if (typeOf(context.input()).getRank() < 3)
    return context.error("expects an input [N, C, spatial...] of rank 3 or more, got " +
                         describeTensor(context.input()));
  return context.create<dlc::LrnOp>(context.input(), static_cast<uint64_t>(context.attributes.integer("size")),
                                    llvm::APFloat(context.attributes.number("alpha")),
                                    llvm::APFloat(context.attributes.number("beta")),
                                    llvm::APFloat(context.attributes.number("bias")));
}

void dlc::json::addNormalizationLayers(std::vector<LayerKind> &kinds) {
  auto fields = [](std::vector<Field> first) {
    first.push_back(optional("epsilon", number(0), "1e-5", "Added to the variance"));
    first.push_back(optional("activation", getActivationRule(), "", "What is applied to the result"));
    return first;
  };
  Field axis = optional("axis", integer(), "-1", "First of the dimensions that are normalized together");
  kinds.push_back({"batch_norm",
                   "Batch normalization of channels: by their mean and variance in training, else by the running ones",
                   fields({optional("momentum", number(0, 1), "0.1",
                                    "Share of a training batch in the running mean and variance")}),
                   buildBatchNorm});
  kinds.push_back(
      {"layer_norm", "Zero mean and unit variance over the last dimensions", fields({axis}), buildLayerNorm<false>});
  kinds.push_back({"rms_norm", "Unit mean square over the last dimensions", fields({axis}), buildLayerNorm<true>});
  kinds.push_back({"group_norm", "Zero mean and unit variance over groups of channels",
                   fields({required("groups", integer(1, INT32_MAX), "Number of groups")}), buildGroupNorm});
  kinds.push_back(
      {"instance_norm", "Zero mean and unit variance of every channel of a sample", fields({}), buildInstanceNorm});
  kinds.push_back(
      {"local_response_norm",
       "x / (bias + alpha / size * sum of squares over neighbouring channels)^beta",
       {optional("size", integer(1, INT32_MAX), "5", "Number of channels in the sum"),
        optional("alpha", number(), "1e-4", "Factor of the sum"), optional("beta", number(), "0.75", "Exponent"),
        optional("bias", number(), "1", "Added to the sum")},
       buildLocalResponseNorm});
}
