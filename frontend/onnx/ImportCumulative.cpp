// SPDX-License-Identifier: Apache-2.0
// Sums and products of all elements so far along an axis: a loop over the axis that carries them.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenAxes.h"
#include "ir/ExtentAlgebra.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsTransposition.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Combines the elements of `x` along `axis`.
template <typename CombineOp> Value accumulate(NodeImporter &node, Value x, int64_t axis, double neutral) {
  bool isExclusive = node.getFlag("exclusive");
  if (node.hasFailed())
    return {};
  // The axis comes first in the loop, and the other dimensions after it in their order.
  SmallVector<int64_t> permutation{axis}, inverse, shape;
  Dims dims(node.getDims(x)), stateDims, outputDims{dims[axis]};
  for (int64_t dim = 0, rank = dims.size(); dim < rank; ++dim) {
    inverse.push_back(dim < axis ? dim + 1 : dim == axis ? 0 : dim);
    if (dim == axis)
      continue;
    permutation.push_back(dim);
    AffineExpr extent = dims[dim];
    shape.push_back(node.numberOrDim(extent, dim));
    stateDims.push_back(extent);
    outputDims.push_back(extent);
  }
  Value scanInput = node.create<TransposeOp>(x, node.integers(permutation));
  Value first = node.create<FillOp>(x, node.integers(shape), node.real(neutral), TypeAttr::get(node.getElementType(0)));
  if (node.hasFailed())
    return {};
  ImportState &importer = node.getImporter();
  LoopBuilder loop(node.getBuilder(), node.getLocation(), first, scanInput, node.getFlag("reverse"));
  Value before = loop.getLoopCarried(0), element = loop.getScanSlice(0);
  importer.setDims(before, stateDims);
  importer.setDims(element, stateDims);
  Value after = node.create<CombineOp>(before, element);
  if (node.hasFailed()) {
    loop.goOutside();
    return {};
  }
  auto results = loop.finish(after, isExclusive ? before : after);
  importer.setDims(results[0], stateDims);
  importer.setDims(results[1], outputDims);
  return node.create<TransposeOp>(Value(results[1]), node.integers(inverse));
}

template <typename CombineOp> void importCumulative(NodeImporter &node, double neutral) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Number))
    return;
  int64_t rank = node.getRank(0);
  std::optional<Dims> open = getOpenAxes(node, 1);
  std::optional<SmallVector<int64_t>> axes = open ? std::nullopt : node.getKnownIntegers(1, "axis");
  if (!open && !axes)
    return;
  if ((open ? open->size() : axes->size()) != 1 || rank == 0) {
    node.error() << "expects one axis of an operand of rank 1 or more";
    return;
  }
  if (!open) {
    int64_t axis = node.normalizeAxis(axes->front(), rank);
    node.setResult(0, accumulate<CombineOp>(node, node.getOperand(0), axis, neutral));
    return;
  }
  // Dimensions before the axis that a run chooses, that one, and those after it are one dimension each.
  Dims dims(node.getDims(0)), isChosen = findAxes(node, *open, rank);
  AffineExpr one = node.extent(1), isBefore = one, before = one, along = one, after = one;
  for (auto [extent, chosen] : llvm::zip(dims, isChosen)) {
    AffineExpr stays = subtractExtents(isBefore, chosen);
    along = multiplyExtents(along, chooseExtent(chosen, extent, one));
    before = multiplyExtents(before, chooseExtent(stays, extent, one));
    after = multiplyExtents(after, chooseExtent(isBefore, one, extent));
    isBefore = stays;
  }
  Value result = accumulate<CombineOp>(node, node.reshape(node.getOperand(0), {before, along, after}), 1, neutral);
  node.setResult(0, node.reshape(result, dims));
}

void importCumSum(NodeImporter &node) { importCumulative<AddOp>(node, 0); }
void importCumProd(NodeImporter &node) { importCumulative<MulOp>(node, 1); }

} // namespace

void registerCumulative(OpRegistry &registry) {
  registry.add("CumSum", 11, importCumSum);
  registry.add("CumProd", 26, importCumProd);
}

} // namespace dlc::onnx_import
