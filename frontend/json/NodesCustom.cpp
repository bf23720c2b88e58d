// SPDX-License-Identifier: Apache-2.0
// Nodes that a user's C functions compute.
#include "frontend/CustomOps.h"
#include "frontend/json/NodeKinds.h"
#include "ir/Suggestion.h"

using namespace mlir;
using namespace dlc::json;

static NodeResults buildCustom(NodeContext &context) {
  const JsonValue *attributes = context.attributes.getObject(),
                  *op = attributes ? attributes->find(customOpKey) : nullptr;
  const dlc::CustomOps &ops = context.graph->getCustomOps();
  if (!op || !op->isString()) {
    context.error("has no attribute 'op' that names one of the model's 'ops'");
    return {};
  }
  if (!ops.find(op->string)) {
    context.error("names the op '" + op->string + "', which the model does not describe" +
                  (ops.empty() ? ": it has no 'ops'" : suggest(op->string, ops.getNames())));
    return {};
  }
  return buildSingleNode(context, op->string, &ops);
}

void dlc::json::addCustomNodes(std::vector<NodeKind> &kinds) {
  NodeKind kind{"Custom", 0, SIZE_MAX, SIZE_MAX, {}, buildCustom};
  kind.isOpen = true;
  kinds.push_back(std::move(kind));
}
