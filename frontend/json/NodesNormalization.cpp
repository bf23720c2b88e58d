// SPDX-License-Identifier: Apache-2.0
// Normalizations.
#include "frontend/LpNormalization.h"
#include "frontend/json/NodeKinds.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsParameter.h"

using namespace mlir;
using namespace dlc::json;
using llvm::APFloat;

static APFloat epsilonOf(NodeContext &context) { return APFloat(context.attributes.number("epsilon")); }

/// Normalizes by the running statistics, which are kept out of what optimizers change; in training by those of the
/// batch, which the running ones follow as ONNX says (the variance with its bias).
static NodeResults buildBatchNormalization(NodeContext &context) {
  std::array<std::string, 2> names;
  for (auto [i, name] : llvm::enumerate(names))
    if (auto load = context.operand(3 + i) ? context.operand(3 + i).getDefiningOp<dlc::LoadParameterOp>()
                                           : dlc::LoadParameterOp()) {
      name = load.getParameter().str();
      SymbolTable::lookupNearestSymbolFrom<dlc::ParameterOp>(load, load.getParameterAttr()).setKind("buffer");
    }
  const JsonValue *mode = context.attributes.find("training_mode");
  TrainingScope *training = !mode                           ? context.graph->findTraining(context)
                            : context.flag("training_mode") ? &context.graph->getTraining(context)
                                                            : nullptr;
  if (training) {
    Value x = context.operand(0);
    if (!x || !context.expectRankOf(0, 2))
      return {Value()};
    if (ShapedType::isDynamic(typeOf(x).getDimSize(1)))
      return {context.error("needs to know the number of channels, got " + describeTensor(x))};
    if (names[0].empty() || names[1].empty())
      return {
          context.error("expects a running mean and a running variance that are parameters, because training updates "
                        "them; with \"training_mode\": 0 it normalizes by them alone")};
    if (names[0] == names[1])
      return {context.error("has '" + names[0] + "' both as the running mean and as the running variance")};
    return {training->normalizeBatch(
        context, x, context.operand(1), context.operand(2), names, {context.operand(3), context.operand(4)},
        1 - context.attributes.number("momentum"), context.attributes.number("epsilon"), /*isUnbiased=*/false)};
  }
  return {context.create<dlc::BatchNormOp>(context.operand(0), context.operand(1), context.operand(2),
                                           context.operand(3), context.operand(4), epsilonOf(context))};
}

static NodeResults buildLayerNormalization(NodeContext &context) {
  if (!context.expectRankOf(0, 1))
    return {Value()};
  auto axis = context.axis(typeOf(context.operand(0)).getRank());
  Value scale = context.operand(1), shift = context.hasInput(2) ? context.operand(2) : Value();
  if (!axis || !scale || (context.hasInput(2) && !shift))
    return {Value()};
  return {context.create<dlc::LayerNormOp>(context.operand(0), OptionalOperand{scale}, OptionalOperand{shift},
                                           static_cast<uint64_t>(*axis), epsilonOf(context),
                                           /*root_mean_square=*/false)};
}
static NodeResults buildRMSNormalization(NodeContext &context) {
  if (!context.expectRankOf(0, 1))
    return {Value()};
  auto axis = context.axis(typeOf(context.operand(0)).getRank());
  Value scale = context.operand(1);
  if (!axis || !scale)
    return {Value()};
  return {context.create<dlc::LayerNormOp>(context.operand(0), OptionalOperand{scale}, OptionalOperand{},
                                           static_cast<uint64_t>(*axis), epsilonOf(context),
                                           /*root_mean_square=*/true)};
}

static NodeResults buildGroupNormalization(NodeContext &context) {
  return {context.create<dlc::GroupNormOp>(context.operand(0), context.operand(1), context.operand(2),
                                           static_cast<uint64_t>(context.attributes.integer("num_groups")),
                                           epsilonOf(context))};
}
static NodeResults buildInstanceNormalization(NodeContext &context) {
  if (!context.expectRankOf(0, 3))
    return {Value()};
  int64_t channels = typeOf(context.operand(0)).getDimSize(1);
  if (ShapedType::isDynamic(channels))
    return {context.error("needs to know the number of channels, got " + describeTensor(context.operand(0)))};
  return {context.create<dlc::GroupNormOp>(context.operand(0), context.operand(1), context.operand(2),
                                           static_cast<uint64_t>(channels), epsilonOf(context))};
}

static NodeResults buildLRN(NodeContext &context) {
  if (!context.expectRankOf(0, 3))
    return {Value()};
  return {context.create<dlc::LrnOp>(context.operand(0), static_cast<uint64_t>(context.attributes.integer("size")),
                                     APFloat(context.attributes.number("alpha")),
                                     APFloat(context.attributes.number("beta")),
                                     APFloat(context.attributes.number("bias")))};
}

template <typename OpTy> static NodeResults buildAlongAxis(NodeContext &context) {
  if (!context.expectRankOf(0, 1))
    return {Value()};
  auto axis = context.axis(typeOf(context.operand(0)).getRank());
  if (!axis)
    return {Value()};
  return {context.create<OpTy>(context.operand(0), ArrayRef<int64_t>{*axis})};
}

static NodeResults buildNormalizedRows(NodeContext &context) {
  if (!context.expectRankOf(0, 1))
    return {Value()};
  auto axis = context.axis(typeOf(context.operand(0)).getRank());
  if (!axis)
    return {Value()};
  Value x = context.operand(0);
  return {dlc::buildLpNormalization(context, x, context.constant(0, typeOf(x).getElementType()), *axis,
                                    context.attributes.integer("p"))};
}

void dlc::json::addNormalizationNodes(std::vector<NodeKind> &kinds) {
  Field epsilon = optional("epsilon", number(0), "1e-5", "Added to the variance");
  Field axis = optional("axis", integer(), "-1", "Dimension, or first of the dimensions, that is normalized");
  kinds.push_back(
      {"BatchNormalization",
       5,
       5,
       1,
       {epsilon, optional("momentum", number(0, 1), "0.9", "Share of the running statistics that a step keeps"),
        optional("training_mode", flagRule(), "",
                 "Whether it normalizes by the batch and updates the running statistics; if missing, as the "
                 "function around it trains or not")},
       buildBatchNormalization});
  kinds.push_back({"LayerNormalization", 2, 3, 1, {axis, epsilon}, buildLayerNormalization});
  kinds.push_back({"RMSNormalization", 2, 2, 1, {axis, epsilon}, buildRMSNormalization});
  kinds.push_back({"GroupNormalization",
                   3,
                   3,
                   1,
                   {required("num_groups", integer(1, INT32_MAX), "Number of groups of channels"), epsilon},
                   buildGroupNormalization});
  kinds.push_back({"InstanceNormalization", 3, 3, 1, {epsilon}, buildInstanceNormalization});
  kinds.push_back(
      {"LRN",
       1,
       1,
       1,
       {required("size", integer(1, INT32_MAX), "Number of channels in the sum"),
        optional("alpha", number(), "0.0001", "Factor of the sum"), optional("beta", number(), "0.75", "Exponent"),
        optional("bias", number(), "1", "Added to the sum")},
       buildLRN});
  kinds.push_back({"LpNormalization",
                   1,
                   1,
                   1,
                   {axis, optional("p", integer(1, 2), "2", "Exponent of the norm")},
                   buildNormalizedRows});
  kinds.push_back({"Softmax", 1, 1, 1, {axis}, buildAlongAxis<dlc::SoftmaxOp>});
  kinds.push_back({"LogSoftmax", 1, 1, 1, {axis}, buildAlongAxis<dlc::LogSoftmaxOp>});
  kinds.push_back({"Hardmax", 1, 1, 1, {axis}, buildAlongAxis<dlc::HardmaxOp>});
}
