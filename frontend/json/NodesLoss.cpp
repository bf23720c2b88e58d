// SPDX-License-Identifier: Apache-2.0
// The node of trainable functions for what the section `training` calls a loss.
#include "frontend/json/Loss.h"
#include "frontend/json/NodeKinds.h"
#include "frontend/json/TrainingRules.h"
#include "ir/InputChecks.h"
#include "ir/OpsConversion.h"

using namespace mlir;
using namespace dlc::json;

/// Whether a tensor of `type` can have the extents `expected`.
static bool fits(RankedTensorType type, ArrayRef<int64_t> expected) {
  return succeeded(verifyCompatibleShape(type.getShape(), expected));
}

/// Has the runtime look for labels that the loss cannot take, if the caller gives them.
static void checkLabels(const Loss &loss, Value label, bool hasWeights) {
  auto argument = dyn_cast<BlockArgument>(label);
  auto function = argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()) : func::FuncOp();
  if (dlc::ElementCheckAttr check = loss.describeCheck(typeOf(label).getElementType(), hasWeights); check && function)
    dlc::addInputCheck(function, argument.getArgNumber(), check);
}

static NodeResults buildLossNode(NodeContext &context) {
  Value predictions = context.operand(0), label = context.operand(1),
        weights = context.hasInput(2) ? context.operand(2) : Value();
  if (!predictions || !label || (context.hasInput(2) && !weights))
    return {};
  Loss loss(context, *context.attributes.find("loss"));
  if (!loss.setPredictions(predictions) || !loss.acceptsLabels(typeOf(label).getElementType()))
    return {};
  RankedTensorType type = typeOf(predictions);
  SmallVector<int64_t> needed(type.getShape());
  bool takesClassNumbers = loss.takesClassNumbers(typeOf(label).getElementType());
  if (takesClassNumbers)
    needed.erase(needed.begin() + loss.getClassAxis());
  if (!fits(typeOf(label), needed)) {
    SmallVector<std::string> extents = describeExtents(predictions);
    if (takesClassNumbers)
      extents.erase(extents.begin() + loss.getClassAxis());
    context.error("expects labels " + describeTensor(typeOf(label).getElementType(), extents) + " for predictions " +
                  describeTensor(predictions) + ", got " + describeTensor(label) +
                  loss.describeClassNumbers(typeOf(label).getElementType(), typeOf(label).getRank()));
    return {};
  }
  loss.compare(label);
  if (!loss.getLosses())
    return {};
  checkLabels(loss, label, weights != nullptr);
  if (weights) {
    RankedTensorType losses = typeOf(loss.getLosses());
    bool isPerSample = losses.getRank() > 0 && fits(typeOf(weights), losses.getShape().take_front());
    if (!isPerSample && !fits(typeOf(weights), losses.getShape())) {
      context.error("expects one weight for each sample, or losses' own " + describeTensor(loss.getLosses()) +
                    ", got " + describeTensor(weights));
      return {};
    }
    if (typeOf(weights).getElementType() != losses.getElementType())
      weights = context.create<dlc::CastOp>(weights, losses.getElementType());
    if (!loss.addWeights(weights))
      return {};
  }
  return {loss.reduce(), loss.getLosses()};
}

void dlc::json::addLossNodes(std::vector<NodeKind> &kinds) {
  kinds.push_back(
      {"Loss", 2, 3, 2, {required("loss", getLossRule(), "The loss of predictions for their labels")}, buildLossNode});
}
