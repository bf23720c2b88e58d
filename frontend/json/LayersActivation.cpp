// SPDX-License-Identifier: Apache-2.0
// Activations as layers of their own.
#include "frontend/json/LayerKinds.h"
#include "ir/OpsActivation.h"

using namespace mlir;
using namespace dlc::json;

static Value buildNamed(LayerContext &context) {
  return findActivation(context.kind).build(context, context.attributes, context.input());
}
static Value buildActivationLayer(LayerContext &context) { return context.activate(context.input()); }

static Value buildPRelu(LayerContext &context) {
  RankedTensorType type = typeOf(context.input());
  if (type.getRank() < 2)
    return context.error("expects an input [N, C, ...] of rank 2 or more, got " + describeTensor(context.input()));
  std::optional<int64_t> channels = context.expectExtent(1, "the number of channels");
  if (!channels)
    return {};
  Value slope = context.parameter({"weight", {"alpha"}, "zeros", "alpha_initializer"}, {*channels});
  SmallVector<int64_t> shape(type.getRank() - 1, 1);
  shape[0] = *channels;
  return context.create<dlc::PReluOp>(context.input(), context.reshape(slope, shape));
}

void dlc::json::addActivationLayers(std::vector<LayerKind> &kinds) {
  kinds.push_back({"activation",
                   "The activation that the key `activation` names",
                   {required("activation", getActivationRule(), "What is applied")},
                   buildActivationLayer});
  for (const ActivationKind &activation : getActivations())
    kinds.push_back({activation.name, activation.summary, activation.fields, buildNamed});
  kinds.push_back({"prelu",
                   "x if x >= 0, else a trained slope of the channel times x",
                   {optional("alpha_initializer", getInitializerRule(), "", "Initializer of the slopes (zeros)")},
                   buildPRelu});
}
