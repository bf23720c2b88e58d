// SPDX-License-Identifier: Apache-2.0
// Start, size and step of every dimension as small tensors, of which the run reads back the sizes, and one gather for
// each dimension that may be cut.
#include "frontend/onnx/ComputedSlice.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/TensorFormula.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsIndexing.h"
#include "ir/ShapeInference.h"

using namespace mlir;

namespace dlc::onnx_import {

/// Operand `i`, `count` integers, as i64 between -2^31 + 1 and 2^31 - 1, in a column.
static Term getColumn(NodeImporter &node, int64_t i, int64_t count) {
  if (!expectElements(node, i, ElementClass::Integer))
    return {};
  if (node.getRank(i) != 1 || !mayBeEqual(node.getDims(i)[0], node.extent(count))) {
    node.error() << "starts, ends, axes and steps have different lengths";
    return {};
  }
  if (node.getDims(i)[0] != node.extent(count))
    node.expectInRun(ExtentRelation::Equal, node.getDims(i)[0], node.extent(count));
  Term column = Term(node, node.getOperand(i)).cast(node.getBuilder().getI64Type());
  column = column.reshape({node.extent(count), node.extent(1)});
  constexpr int64_t largest = std::numeric_limits<int32_t>::max();
  return column.max(column.number(-largest)).min(column.number(largest));
}

Value sliceByRun(NodeImporter &node) {
  Type i64 = node.getBuilder().getI64Type();
  int64_t rank = node.getRank(0);
  // One of them may tell how many bounds there are. Bounds that are slices themselves (`x[bounds[i:i + 1]]`) may have
  // any number, by their extents, and are one, which the run checks.
  int64_t count = 1;
  for (int64_t i : {1, 2, 3, 4})
    if (node.hasOperand(i) && node.getRank(i) == 1)
      if (std::optional<int64_t> length = constantDim(node.getDims(i)[0])) {
        count = *length;
        break;
      }
  Term starts = getColumn(node, 1, count), ends = getColumn(node, 2, count);
  if (node.hasFailed())
    return {};
  // Which dimensions may be cut.
  const KnownValue *known = node.hasOperand(3) ? node.followOperand(3) : nullptr;
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(0, node.hasOperand(3) ? rank : count));
  if (known && known->isConstant()) {
    std::optional<SmallVector<int64_t>> axes = node.getKnownIntegers(3, "axes");
    if (axes)
      dims = node.normalizeAxes(*axes, rank);
  }
  if (count > rank && !node.hasFailed())
    node.error() << "cuts " << count << " of " << rank << " dimensions";
  if (node.hasFailed())
    return {};
  Term axes(node, node.hasOperand(3) ? Value() : Value(node.createIntegers(i64, dims)));
  axes = node.hasOperand(3) ? getColumn(node, 3, count) : axes.reshape({node.extent(count), node.extent(1)});
  Term steps = node.hasOperand(4) ? getColumn(node, 4, count) : starts.number(1);
  axes = (axes < 0).choose(axes + static_cast<double>(rank), axes);

  // What each dimension has of them: [operand, dimension], and their sums.
  Term isCut = axes == Term(node, node.createIntegers(i64, llvm::to_vector(llvm::seq<int64_t>(0, rank))));
  auto scatter = [&](const Term &column) { return isCut.choose(column, column.number(0)).sum(0); };
  Term cuts = isCut.cast(i64).sum(0), whole = cuts == 0;
  KnownValue shape{i64, {rank}, {}};
  for (AffineExpr extent : node.getDims(0))
    shape.elements.emplace_back(extent);
  Term extents(node, node.createKnown(std::move(shape)));
  Term start = scatter(starts), end = whole.choose(extents, scatter(ends)),
       step = whole.choose(cuts.number(1), scatter(steps));
  // Every axis is of a dimension, and its only one.
  Term isWrong = ((cuts > 1) | (step == 0)).any(0);
  if (node.hasOperand(3))
    isWrong = isWrong | ((axes < 0) | (axes >= static_cast<double>(rank))).any(0).any(0);
  if (node.hasFailed())
    return {};

  // Counted from the end where they are negative, and cut off where they are outside, as NumPy does.
  Term isForward = step > 0, least = isForward.choose(step.number(0), step.number(-1)),
       most = isForward.choose(extents, extents - 1);
  auto clamp = [&](const Term &bound) { return (bound < 0).choose(bound + extents, bound).max(least).min(most); };
  start = clamp(start);
  end = clamp(end);
  Term stride = step.abs(), span = isForward.choose(end - start, start - end);
  Term sizes = (span.max(span.number(0)) + (stride - 1)) / stride;
  sizes = isWrong.choose(sizes.number(-1), sizes);

  Term result(node, node.getOperand(0));
  for (int64_t dim : dims) {
    AffineExpr size = node.hasFailed() ? AffineExpr() : node.readBack(sizes.at(dim), node.getDims(0)[dim]);
    if (!size)
      return {};
    Term positions = start.at(dim) + Term(node, node.countTo(size)) * step.at(dim);
    if (node.hasFailed())
      return {};
    result = {node, node.create<GatherOp>(result, positions, node.integer(dim))};
  }
  return result;
}

} // namespace dlc::onnx_import
