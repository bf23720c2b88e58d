// SPDX-License-Identifier: Apache-2.0
// Scatter ops: copies of a tensor in which the elements at given indices are replaced, or combined with updates.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/IndexArithmetic.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// `old` as the update `own` changes it.
Value combine(NodeImporter &node, StringRef reduction, Value old, Value own) {
  if (reduction == "none")
    return own;
  if (reduction == "add")
    return node.add(old, own);
  if (reduction == "mul")
    return node.multiply(old, own);
  if (reduction == "max")
    return node.create<MaxOp>(old, own);
  return node.create<MinOp>(old, own);
}

/// One step of a loop per index: indices may name a row twice, and later updates see what earlier ones did.
Value scatterInOrder(NodeImporter &node, StringRef reduction, Value rows, Value positions, Value updates) {
  ImportState &importer = node.getImporter();
  Dims rowsDims(node.getDims(rows)), rowDims(node.getDims(updates).drop_front());
  LoopBuilder loop(node.getBuilder(), node.getLocation(), rows, ValueRange{positions, updates});
  Value state = loop.getLoopCarried(0), position = loop.getScanSlice(0), update = loop.getScanSlice(1);
  importer.setDims(state, rowsDims);
  importer.setDims(position, {});
  importer.setDims(update, rowDims);
  Dims oneRow(rowDims);
  oneRow.insert(oneRow.begin(), node.extent(1));
  Value own = node.reshape(update, oneRow);
  Value old;
  if (reduction != "none")
    old = node.create<GatherOp>(state, node.reshape(position, {node.extent(1)}), node.integer(0));
  Value next = node.create<UpdateSliceOp>(state, combine(node, reduction, old, own), position, node.integer(0),
                                          node.flag(false));
  if (node.hasFailed()) {
    loop.goOutside();
    return {};
  }
  auto results = loop.finish(next, {});
  importer.setDims(results[0], rowsDims);
  return results[0];
}

void scatter(NodeImporter &node, const FlatIndices &flat) {
  std::string reduction = node.getString("reduction", "none");
  if (!llvm::is_contained({"none", "add", "mul", "max", "min"}, reduction)) {
    node.error() << "has the reduction '" << reduction << "'; expected none, add, mul, max or min";
    return;
  }
  if (node.getElementType(0) != node.getElementType(2)) {
    node.error() << "expects updates of the operand's element type";
    return;
  }
  // Positions and updates in one row each.
  int64_t indexRank = node.getDims(flat.positions).size();
  Value positions = mergeLeadingDims(node, flat.positions, indexRank);
  Value updates = mergeLeadingDims(node, node.getOperand(2), indexRank);
  if (node.hasFailed())
    return;
  bool isSum = reduction == "add" && llvm::isa<FloatType>(node.getElementType(0));
  Value result = isSum ? node.add(flat.rows, node.create<ScatterAddOp>(flat.rows, positions, updates, node.integer(0)))
                       : scatterInOrder(node, reduction, flat.rows, positions, updates);
  node.setResult(0, node.create<ReshapeLikeOp>(result, node.getOperand(0)));
}

void importScatterND(NodeImporter &node) {
  if (!node.expectOperands(3, 3))
    return;
  std::optional<FlatIndices> flat = flattenTupleIndices(node, 0);
  if (!flat)
    return;
  int64_t outer = node.getRank(1) - 1, rows = node.getDims(flat->rows).size() - 1;
  if (node.getRank(2) != outer + rows) {
    node.error() << "expects updates of rank " << outer + rows << ", got rank " << node.getRank(2);
    return;
  }
  scatter(node, *flat);
}

void importScatterElements(NodeImporter &node) {
  if (!node.expectOperands(3, 3))
    return;
  if (node.getRank(2) != node.getRank(1)) {
    node.error() << "expects updates of the indices' rank " << node.getRank(1) << ", got rank " << node.getRank(2);
    return;
  }
  if (std::optional<FlatIndices> flat = flattenElementIndices(node, node.getInteger("axis", 0)))
    scatter(node, *flat);
}

} // namespace

void registerScatter(OpRegistry &registry) {
  registry.add("Scatter", 9, importScatterElements);
  registry.add("ScatterElements", 11, importScatterElements);
  registry.add("ScatterND", 11, importScatterND);
}

} // namespace dlc::onnx_import
