// SPDX-License-Identifier: Apache-2.0
// Ops whose results have as many elements as data lets them have.
#include "frontend/onnx/FoundPositions.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSelection.h"

using namespace mlir;

namespace dlc::onnx_import {

Value flatten(NodeImporter &node, Value x) {
  return node.hasFailed() ? Value() : node.reshape(x, {elementCount(node.getDims(x), node.getContext())});
}

Value findTrue(NodeImporter &node, Value mask) {
  if (node.hasFailed())
    return {};
  // Models ask for the same elements of several tensors: they are searched once, and have one extent.
  Value &known = node.getImporter().getFoundPositions(mask);
  if (known && node.getImporter().isVisible(known))
    return known;
  Value vector = flatten(node, mask);
  Type i64 = node.getBuilder().getI64Type();
  Value total = node.create<ReduceOp>(ReductionKind::Sum, node.cast(vector, i64), ArrayRef<int64_t>{0},
                                      /*keep_dims=*/false);
  Value counts = node.create<RunningCountOp>(vector);
  if (node.hasFailed())
    return {};
  AffineExpr extent = node.readBack(total, node.getDims(vector)[0]);
  return known = node.create<TruePositionsOp>(counts, node.createShape({extent}));
}

namespace {

/// Indices of the elements that are not 0, known only for known values.
void evaluateNonZero(NodeImporter &node) {
  const KnownValue &x = *node.getKnown(0);
  SmallVector<int64_t> found;
  for (auto [i, element] : llvm::enumerate(x.elements)) {
    if (!element.isConstant())
      return;
    if (element.asReal() != 0)
      found.push_back(i);
  }
  KnownValue indices{node.getBuilder().getI64Type(), {x.rank(), static_cast<int64_t>(found.size())}, {}};
  int64_t stride = countElements(x.shape);
  for (int64_t extent : x.shape) {
    stride /= std::max<int64_t>(extent, 1);
    for (int64_t position : found)
      indices.elements.push_back(node.extent(position / stride % extent));
  }
  if (static_cast<int64_t>(indices.elements.size()) <= KnownValue::maxElements)
    node.setKnown(0, std::move(indices));
}

void importNonZero(NodeImporter &node) {
  // What exporters write for 0, 1, ...: the indices of a vector of ones.
  Value x = node.expectOperands(1, 1) ? node.getOperand(0) : Value();
  auto filling = x ? x.getDefiningOp<FillOp>() : FillOp();
  if (filling && node.getRank(0) == 1 && !filling.getValue().isZero()) {
    AffineExpr count = node.getDims(0)[0];
    node.setResult(0, node.reshape(node.countTo(count), {node.extent(1), count}));
    return;
  }
  Builder &builder = node.getBuilder();
  Value positions = findTrue(node, node.cast(x, builder.getI1Type()));
  if (node.hasFailed())
    return;
  Dims dims(node.getDims(0));
  AffineExpr found = node.getDims(positions)[0], one = node.extent(1);
  int64_t rank = dims.size();
  Value row = node.reshape(positions, {one, found});
  if (rank == 1) {
    node.setResult(0, row);
    return;
  }
  if (rank == 0) {
    // A number has no index, whether it is 0 or not.
    node.setResult(0, node.fill(builder.getI64Type(), {node.extent(0), found}, 0));
    return;
  }
  // The index along a dimension is what is left of the position, without the elements of one step of the dimension.
  // None of them is 0 where there is an element.
  KnownValue steps{builder.getI64Type(), {rank, 1}, {}}, extents = steps;
  for (int64_t dim = 0; dim < rank; ++dim) {
    AffineExpr step = one;
    for (AffineExpr extent : ArrayRef(dims).drop_front(dim + 1))
      step = multiplyExtents(step, extent);
    steps.elements.emplace_back(maximumExtent(step, one));
    extents.elements.emplace_back(maximumExtent(dims[dim], one));
  }
  Value whole = node.divide(row, node.createKnown(std::move(steps)));
  node.setResult(0, node.create<ModOp>(whole, node.createKnown(std::move(extents)), /*fmod=*/false));
}

void importCompress(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 1, ElementClass::Bool))
    return;
  if (node.getRank(1) != 1) {
    node.error() << "expects a condition of rank 1, got rank " << node.getRank(1);
    return;
  }
  Value x = node.getOperand(0);
  int64_t axis = 0;
  if (node.hasAttribute("axis"))
    axis = node.normalizeAxis(node.getInteger("axis", 0), node.getRank(0));
  else
    x = flatten(node, x);
  if (node.hasFailed())
    return;
  // Elements after the end of the condition are left out; there is none for what it has more.
  AffineExpr extent = node.getDims(x)[axis], length = node.getDims(1)[0], rest = subtractExtents(extent, length);
  if (getExtentRange(rest).high < 0) {
    node.error() << "has a condition that is longer than what it chooses from";
    return;
  }
  if (getExtentRange(rest).low < 0)
    node.expectInRun(ExtentRelation::AtLeast, rest, node.extent(0));
  node.setResult(0, node.create<GatherOp>(x, findTrue(node, node.getOperand(1)), node.integer(axis)));
}

} // namespace

void registerFound(OpRegistry &registry) {
  registry.add("Compress", 9, importCompress);
  registry.add("NonZero", 9, importNonZero);
  registry.addEvaluator("NonZero", 1, evaluateNonZero);
}

} // namespace dlc::onnx_import
