// SPDX-License-Identifier: Apache-2.0
// Sums and products of all elements so far along an axis: a loop over the axis that carries them.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsShape.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

template <typename CombineOp> void importCumulative(NodeImporter &node, double neutral) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Number))
    return;
  std::optional<SmallVector<int64_t>> axes = node.getKnownIntegers(1, "axis");
  int64_t rank = node.getRank(0);
  if (!axes)
    return;
  if (axes->size() != 1 || rank == 0) {
    node.error() << "expects one axis of an operand of rank 1 or more";
    return;
  }
  int64_t axis = node.normalizeAxis(axes->front(), rank);
  bool isExclusive = node.getFlag("exclusive");
  if (node.hasFailed())
    return;

  // The axis comes first in the loop, and the other dimensions after it in their order.
  SmallVector<int64_t> permutation{axis}, inverse, shape;
  Dims stateDims, outputDims{node.getDims(0)[axis]};
  for (int64_t dim = 0; dim < rank; ++dim) {
    inverse.push_back(dim < axis ? dim + 1 : dim == axis ? 0 : dim);
    if (dim == axis)
      continue;
    permutation.push_back(dim);
    AffineExpr extent = node.getDims(0)[dim];
    shape.push_back(constantDim(extent).value_or(-2 - dim));
    stateDims.push_back(extent);
    outputDims.push_back(extent);
  }
  Value x = node.getOperand(0), scanInput = node.create<TransposeOp>(x, node.integers(permutation));
  Value first = node.create<FillOp>(x, node.integers(shape), node.real(neutral), TypeAttr::get(node.getElementType(0)));
  if (node.hasFailed())
    return;
  ImportState &importer = node.getImporter();
  LoopBuilder loop(node.getBuilder(), node.getLocation(), first, scanInput, node.getFlag("reverse"));
  Value before = loop.getLoopCarried(0), element = loop.getScanSlice(0);
  importer.setDims(before, stateDims);
  importer.setDims(element, stateDims);
  Value after = node.create<CombineOp>(before, element);
  if (node.hasFailed())
    return loop.goOutside();
  auto results = loop.finish(after, isExclusive ? before : after);
  importer.setDims(results[0], stateDims);
  importer.setDims(results[1], outputDims);
  node.setResult(0, node.create<TransposeOp>(Value(results[1]), node.integers(inverse)));
}

void importCumSum(NodeImporter &node) { importCumulative<AddOp>(node, 0); }
void importCumProd(NodeImporter &node) { importCumulative<MulOp>(node, 1); }

} // namespace

void registerCumulative(OpRegistry &registry) {
  registry.add("CumSum", 11, importCumSum);
  registry.add("CumProd", 26, importCumProd);
}

} // namespace dlc::onnx_import
