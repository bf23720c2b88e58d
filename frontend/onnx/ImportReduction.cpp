// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenAxes.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSelection.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// A reduction of dimensions that a run chooses.
Value reduceChosen(NodeImporter &node, ReductionKind kind, ArrayRef<AffineExpr> axes) {
  Dims dims(node.getDims(0)), isChosen = findAxes(node, axes, dims.size()), result;
  AffineExpr one = node.extent(1);
  SmallVector<int64_t> seconds;
  for (size_t dim = 0; dim < dims.size(); ++dim) {
    seconds.push_back(static_cast<int64_t>(2 * dim + 1));
    result.push_back(chooseExtent(isChosen[dim], one, dims[dim]));
  }
  Value split = splitChosen(node, node.getOperand(0), isChosen);
  Value reduced = node.create<ReduceOp>(kind, split, ArrayRef<int64_t>(seconds), /*keep_dims=*/false);
  if (node.getFlag("keepdims", true))
    return node.reshape(reduced, result);
  // The dimensions that stay, in their order: the one at position i has i others before it.
  Dims kept;
  for (size_t i = 0; i + axes.size() < dims.size(); ++i) {
    AffineExpr extent = node.extent(0), before = node.extent(0);
    for (size_t dim = 0; dim < dims.size(); ++dim) {
      AffineExpr stays = subtractExtents(one, isChosen[dim]);
      AffineExpr isHere = multiplyExtents(stays, isEqualExtent(before, node.extent(i)));
      extent = addExtents(extent, multiplyExtents(isHere, dims[dim]));
      before = addExtents(before, stays);
    }
    kept.push_back(extent);
  }
  return node.reshape(reduced, kept);
}

template <ReductionKind kind, ElementClass allowed> void importReduction(NodeImporter &node) {
  if (!node.expectOperands(1, 2) || !expectElements(node, 0, allowed))
    return;
  int64_t rank = node.getRank(0);
  if (std::optional<Dims> axes = getOpenAxes(node, 1)) {
    node.setResult(0, reduceChosen(node, kind, *axes));
    return;
  }
  // Axes come as an attribute at first (until opset 13 for sums, 18 for the others), then as an operand.
  std::optional<SmallVector<int64_t>> given =
      node.hasOperand(1) ? node.getKnownIntegers(1, "axes") : node.getIntegers("axes");
  if (node.hasFailed())
    return;
  bool keepsDims = node.getFlag("keepdims", true);
  SmallVector<int64_t> axes;
  if (given && !given->empty())
    axes = node.normalizeAxes(*given, rank);
  else if (!node.getFlag("noop_with_empty_axes"))
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  node.setResult(0, node.create<ReduceOp>(kind, node.getOperand(0), ArrayRef<int64_t>(axes), keepsDims));
}

template <bool isMinimum> void importArgExtreme(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Number))
    return;
  int64_t axis = node.normalizeAxis(node.getInteger("axis", 0), node.getRank(0));
  node.setResult(0, node.create<ArgExtremeOp>(node.getOperand(0), axis, isMinimum, node.getFlag("keepdims", true),
                                              node.getFlag("select_last_index")));
}

void importTopK(NodeImporter &node) {
  if (!node.expectOperands(1, 2) || !expectElements(node, 0, ElementClass::Number))
    return;
  // k comes as an attribute at first, from opset 10 on as an operand.
  std::optional<Dims> given = node.hasOperand(1) ? node.getKnownExtents(1, "k") : std::nullopt;
  if (node.hasFailed())
    return;
  AffineExpr count = given && given->size() == 1 ? given->front() : node.extent(node.getInteger("k", -1));
  int64_t axis = node.normalizeAxis(node.getInteger("axis", -1), node.getRank(0));
  ExtentRange range = getExtentRange(count);
  if (range.high < 0) {
    node.error() << "needs one number of elements, k";
    return;
  }
  // Where k follows from extents, the first k of as many as it can be, or of all.
  constexpr int64_t few = 64;
  bool isKnown = constantDim(count).has_value();
  int64_t k = isKnown || range.high <= few ? range.high : -1;
  if (AffineExpr extent = node.getDims(0)[axis]; !node.hasFailed() && !(isKnown && constantDim(extent)))
    node.expectInRun(ExtentRelation::AtLeast, extent, count);
  bool smallest = !node.getFlag("largest", true);
  // Sorted results are right also where any order would do.
  Value x = node.getOperand(0);
  auto takeFirst = [&](Value sorted) {
    if (isKnown || node.hasFailed())
      return sorted;
    Dims sizes(node.getDims(0)), starts(sizes.size(), node.extent(0));
    sizes[axis] = minimumExtent(atLeastZero(count), sizes[axis]);
    return node.slice(sorted, starts, sizes, SmallVector<int64_t>(sizes.size(), 1));
  };
  if (node.hasResult(0))
    node.setResult(0, takeFirst(node.create<TopKOp>(x, Value(), k, axis, smallest)));
  if (node.hasResult(1))
    node.setResult(1, takeFirst(node.create<TopKIndicesOp>(x, k, axis, smallest)));
}

} // namespace

void registerReduction(OpRegistry &registry) {
  registry.add("ReduceSum", 1, importReduction<ReductionKind::Sum, ElementClass::Number>);
  registry.add("ReduceMean", 1, importReduction<ReductionKind::Mean, ElementClass::Number>);
  registry.add("ReduceMax", 1, importReduction<ReductionKind::Max, ElementClass::Any>);
  registry.add("ReduceMin", 1, importReduction<ReductionKind::Min, ElementClass::Any>);
  registry.add("ReduceProd", 1, importReduction<ReductionKind::Prod, ElementClass::Number>);
  registry.add("ReduceL1", 1, importReduction<ReductionKind::L1, ElementClass::Number>);
  registry.add("ReduceL2", 1, importReduction<ReductionKind::L2, ElementClass::Number>);
  registry.add("ReduceLogSum", 1, importReduction<ReductionKind::LogSum, ElementClass::Number>);
  registry.add("ReduceLogSumExp", 1, importReduction<ReductionKind::LogSumExp, ElementClass::Number>);
  registry.add("ReduceSumSquare", 1, importReduction<ReductionKind::SumSquare, ElementClass::Number>);
  registry.add("TopK", 1, importTopK);
  registry.add("ArgMax", 1, importArgExtreme<false>);
  registry.add("ArgMin", 1, importArgExtreme<true>);
}

} // namespace dlc::onnx_import
