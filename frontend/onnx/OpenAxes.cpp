// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/OpenAxes.h"
#include "ir/ExtentAlgebra.h"

using namespace mlir;

namespace dlc::onnx_import {

std::optional<Dims> getOpenAxes(NodeImporter &node, int64_t i) {
  if (node.hasFailed())
    return std::nullopt;
  const KnownValue *known = node.followOperand(i);
  if (!known)
    known = node.readOperand(i);
  if (!known || !isInteger(known->elementType))
    return std::nullopt;
  Dims axes;
  bool areOpen = false;
  for (const KnownElement &element : known->elements) {
    axes.push_back(element.expression);
    areOpen |= !constantDim(element.expression);
  }
  return areOpen ? std::optional(axes) : std::nullopt;
}

Dims findAxes(NodeImporter &node, ArrayRef<AffineExpr> axes, int64_t rank) {
  Dims found;
  for (int64_t dim = 0; dim < rank; ++dim) {
    AffineExpr count = node.extent(0);
    for (AffineExpr axis : axes)
      count = addExtents(
          count, addExtents(isEqualExtent(axis, node.extent(dim)), isEqualExtent(axis, node.extent(dim - rank))));
    found.push_back(minimumExtent(count, node.extent(1)));
  }
  return found;
}

void expectAxes(NodeImporter &node, ArrayRef<AffineExpr> isChosen, size_t count) {
  AffineExpr total = node.extent(0);
  for (AffineExpr chosen : isChosen)
    total = addExtents(total, chosen);
  node.expectInRun(ExtentRelation::Equal, total, node.extent(static_cast<int64_t>(count)));
}

Value splitChosen(NodeImporter &node, Value x, ArrayRef<AffineExpr> isChosen) {
  if (node.hasFailed())
    return {};
  Dims target;
  AffineExpr one = node.extent(1);
  for (auto [extent, chosen] : llvm::zip(Dims(node.getDims(x)), isChosen)) {
    target.push_back(chooseExtent(chosen, one, extent));
    target.push_back(chooseExtent(chosen, extent, one));
  }
  return node.reshape(x, target);
}

} // namespace dlc::onnx_import
