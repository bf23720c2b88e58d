// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/OpenRank.h"
#include "formats/onnx/OpTable.h"

using namespace mlir;

namespace dlc::onnx_import {

/// How many operands of the node `op`, the first ones, have a part in the rank of its result: those that it broadcasts.
/// Nothing if it is not elementwise.
static std::optional<int64_t> countBroadcast(NodeImporter &node, StringRef op) {
  if (op == "Cast" || op == "CastLike" || op == "Clip")
    return 1;
  bool isElementwise = op == "Where" || op == "Pow" || op == "Mean" ||
                       llvm::any_of(onnx_format::getOpTable(), [&](const auto &row) { return row.name == op; });
  return isElementwise ? std::optional(node.getNumOperands()) : std::nullopt;
}

void followOpenRank(NodeImporter &node, StringRef op) {
  int64_t open = -1, leastRank = 0;
  std::optional<int64_t> count = countBroadcast(node, op);
  for (int64_t i = 0; i < node.getNumOperands(); ++i) {
    if (!node.hasOperand(i) || node.getTensor(i)->elements)
      continue;
    Tensor &tensor = *node.getTensor(i);
    if (tensor.leastRank && open < 0)
      open = i;
    if (i < count.value_or(0))
      leastRank = std::max<int64_t>(leastRank, tensor.leastRank.value_or(tensor.dims.size()));
  }
  if (open < 0 || node.hasFailed() || op == "Identity" || op == "If")
    return;
  Tensor &tensor = *node.getTensor(open);
  if (!count) {
    node.error() << "takes '" << tensor.name << "', which has " << *tensor.leastRank << " or " << tensor.dims.size()
                 << " dimensions, as a branch decides; only elementwise nodes take that";
    return;
  }
  Tensor *result = node.getResult(0);
  if (result && leastRank < static_cast<int64_t>(result->dims.size()))
    result->leastRank = leastRank;
}

} // namespace dlc::onnx_import
