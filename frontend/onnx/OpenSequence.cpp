// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/OpenSequence.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/ImportState.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsTransposition.h"
#include "ir/ShapeInference.h"

using namespace mlir;

namespace dlc::onnx_import {

Value fitRows(NodeImporter &node, Value rows, Type type, ArrayRef<AffineExpr> row, StringRef what) {
  if (node.hasFailed())
    return {};
  Dims dims(node.getDims(rows));
  ArrayRef<AffineExpr> own = ArrayRef(dims).drop_front();
  if (getElementTypeOrSelf(rows) != type || own.size() != row.size() || !llvm::all_of_zip(own, row, mayBeEqual)) {
    node.error() << what << ", which is supported for elements of one type and one shape only";
    return {};
  }
  for (auto [extent, other] : llvm::zip(own, row))
    if (normalizeExtent(extent) != normalizeExtent(other))
      node.expectInRun(ExtentRelation::Equal, extent, other);
  SmallVector<AffineExpr> fitted{dims[0]};
  llvm::append_range(fitted, row);
  return node.reshape(rows, fitted);
}

void setOpenSequence(NodeImporter &node, int64_t i, Tensor *rows, SmallVector<Tensor *> elements) {
  Tensor *sequence = node.getImporter().createTensor("a result of " + node.describeNode());
  sequence->leading = rows;
  sequence->elements = std::move(elements);
  node.setTensor(i, sequence);
}

Tensor *makeGrowingSequence(NodeImporter &node, StringRef name) {
  Tensor *sequence = node.getImporter().createTensor(name);
  sequence->leading = node.getImporter().createTensor(name);
  sequence->elements.emplace();
  return sequence;
}

Tensor *makeElement(NodeImporter &node, Value value) {
  Tensor *tensor = node.getImporter().createTensor("");
  if (!value)
    return tensor;
  tensor->name = "element of " + node.describeNode();
  tensor->value = value;
  tensor->elementType = getElementTypeOrSelf(value);
  tensor->dims = Dims(node.getDims(value));
  return tensor;
}

Value stackElements(NodeImporter &node, ArrayRef<Tensor *> elements, StringRef what) {
  SmallVector<Value> rows;
  for (Tensor *element : elements) {
    Value value = element->elements ? Value() : node.getImporter().materialize(*element, node.getLocation());
    if (!value) {
      if (!node.hasFailed())
        node.error() << what << ", which is supported for tensors only";
      return {};
    }
    Dims dims(element->dims);
    dims.insert(dims.begin(), node.extent(1));
    rows.push_back(
        fitRows(node, node.reshape(value, dims), elements.front()->elementType, elements.front()->dims, what));
  }
  return rows.size() == 1 ? rows.front() : node.create<ConcatOp>(ValueRange(rows), node.integer(0));
}

Value getRows(NodeImporter &node, const Tensor &sequence, StringRef what) {
  if (node.hasFailed())
    return {};
  if (!sequence.leading)
    return stackElements(node, *sequence.elements, what);
  Value rows = sequence.leading->value;
  if (!rows) {
    node.error() << "reads the sequence '" << sequence.name
                 << "', to which a loop appends elements as often as only a run knows: its steps may only append";
    return {};
  }
  if (sequence.elements->empty())
    return rows;
  Value last = stackElements(node, *sequence.elements, what);
  last = fitRows(node, last, getElementTypeOrSelf(rows), node.getDims(rows).drop_front(), what);
  return node.create<ConcatOp>(ValueRange{rows, last}, node.integer(0));
}

Value chooseRow(NodeImporter &node, Value rows, int64_t i) {
  if (!expectElements(node, i, ElementClass::Integer))
    return {};
  // Positions are clamped to the rows, so there must be one. A loop's steps, of which there may be none, check nothing.
  AffineExpr count = node.getDims(rows)[0];
  if (isa<func::FuncOp>(node.getBuilder().getInsertionBlock()->getParentOp()) && getExtentRange(count).low < 1)
    node.expectInRun(ExtentRelation::AtLeast, count, node.extent(1));
  return node.create<GatherOp>(rows, node.reshape(node.getOperand(i), {}), node.integer(0));
}

Value joinRows(NodeImporter &node, Value rows, int64_t axis, bool isNewAxis) {
  if (node.hasFailed())
    return {};
  // Dimension 0 moves to the axis, and becomes one with that of the rows if they have it.
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(1, node.getDims(rows).size()));
  order.insert(order.begin() + axis, 0);
  Value moved = axis == 0 ? rows : node.create<TransposeOp>(rows, node.integers(order));
  if (isNewAxis || node.hasFailed())
    return moved;
  Dims dims(node.getDims(moved));
  dims[axis] = multiplyExtents(dims[axis], dims[axis + 1]);
  dims.erase(dims.begin() + axis + 1);
  return node.reshape(moved, dims);
}

} // namespace dlc::onnx_import
