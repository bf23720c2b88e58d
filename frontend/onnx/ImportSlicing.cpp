// SPDX-License-Identifier: Apache-2.0
// Ops that take parts of tensors or put tensors together.
#include "frontend/NumPySlice.h"
#include "frontend/onnx/ComputedSlice.h"
#include "frontend/onnx/GrowingStates.h"
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenAxes.h"
#include "ir/ConstantData.h"
#include "ir/ExtentAlgebra.h"
#include "ir/ExtentDescription.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsShape.h"
#include "ir/OpsSize.h"
#include "ir/OpsSlicing.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Sets result `i` to the slice of operand 0.
void setSlice(NodeImporter &node, int64_t i, const NumPySlice &slice) {
  if (node.hasFailed())
    return;
  const KnownValue *known = node.getKnown(0);
  if (!known) {
    bool isWhole = llvm::all_of(slice.sizes, [](int64_t size) { return size == -1; });
    if (isWhole)
      node.setTensor(i, node.getTensor(0));
    else
      node.setResult(i, node.create<SliceOp>(node.getOperand(0), node.integers(slice.starts),
                                             node.integers(slice.sizes), node.integers(slice.steps)));
    return;
  }
  SmallVector<int64_t> shape;
  for (auto [size, extent] : llvm::zip(slice.sizes, known->shape))
    shape.push_back(size == -1 ? extent : size);
  node.setKnown(i, pickElements(*known, shape, [&](int64_t position) {
                  int64_t source = 0, stride = 1;
                  for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
                    source += (slice.starts[dim] + position % shape[dim] * slice.steps[dim]) * stride;
                    position /= shape[dim];
                    stride *= known->shape[dim];
                  }
                  return source;
                }));
}

/// A part of one dimension.
struct Part {
  AffineExpr start, size;
  int64_t step = 1;
};

/// `start:end:step` of `extent` elements as NumPy takes it, where not all of these are known.
Part cutSymbolic(NodeImporter &node, AffineExpr extent, AffineExpr start, AffineExpr end, int64_t step) {
  AffineExpr zero = node.extent(0), last = addExtents(extent, node.extent(-1));
  // Counted from the end where it is negative, and cut off where it is outside.
  auto clamp = [&](AffineExpr bound, AffineExpr low, AffineExpr high) {
    ExtentRange range = getExtentRange(bound);
    if (range.low >= INT32_MAX)
      return high;
    if (range.high < -INT32_MAX)
      return low;
    AffineExpr fromEnd = addExtents(bound, extent);
    AffineExpr bounded = chooseExtent(isLessExtent(bound, zero), fromEnd, bound);
    if (range.high < 0) // below `extent` as it is
      return maximumExtent(fromEnd, low);
    if (range.low >= 0)
      return minimumExtent(bounded, high);
    return minimumExtent(maximumExtent(bounded, low), high);
  };
  AffineExpr below = node.extent(-1), size = node.extent(std::abs(step));
  AffineExpr from = step > 0 ? clamp(start, zero, extent) : clamp(start, below, last),
             to = step > 0 ? clamp(end, zero, extent) : clamp(end, below, last);
  AffineExpr span = step > 0 ? subtractExtents(to, from) : subtractExtents(from, to);
  // An empty part may start anywhere.
  return {atLeastZero(from), divideExtentsUp(atLeastZero(span), size), step};
}

/// Sets result `i` to parts of operand 0, one per dimension.
void setParts(NodeImporter &node, int64_t i, ArrayRef<Part> parts) {
  Dims starts, sizes;
  SmallVector<int64_t> steps;
  for (const Part &part : parts) {
    starts.push_back(part.start);
    sizes.push_back(part.size);
    steps.push_back(part.step);
  }
  node.setResult(i, node.slice(node.getOperand(0), starts, sizes, steps));
}

/// Whole dimensions.
SmallVector<Part> takeAll(NodeImporter &node) {
  SmallVector<Part> parts;
  for (AffineExpr extent : node.getDims(0))
    parts.push_back({node.extent(0), extent, 1});
  return parts;
}

/// The integers of `value`, and one number that was added to all of them.
std::pair<Value, int64_t> splitSum(Value value) {
  int64_t offset = 0;
  while (auto sum = value ? value.getDefiningOp<AddOp>() : AddOp()) {
    // A constant that is broadcast has been reshaped.
    auto readConstant = [](Value operand) {
      auto reshape = operand.getDefiningOp<ReshapeOp>();
      return getUniformConstant(reshape ? reshape.getX() : operand);
    };
    std::optional<double> left = readConstant(sum.getLhs()), right = readConstant(sum.getRhs());
    double added = right ? *right : left.value_or(HUGE_VAL);
    if (!(std::abs(added) < INT32_MAX) || std::abs(offset) > INT32_MAX)
      break;
    offset += static_cast<int64_t>(added);
    value = right ? sum.getLhs() : sum.getRhs();
  }
  return {value, offset};
}

/// How many elements `x[i:i + n]` has at most, whatever i is; nothing for a slice of another form.
std::optional<int64_t> getLargestSize(NodeImporter &node) {
  if (!node.hasOperand(1) || !node.hasOperand(2))
    return std::nullopt;
  auto [start, first] = splitSum(node.getTensor(1)->value);
  auto [end, second] = splitSum(node.getTensor(2)->value);
  return start && start == end && second >= first ? std::optional(second - first) : std::nullopt;
}

/// `largest` limits parts that are taken in steps of 1.
void importSliceOf(NodeImporter &node, ArrayRef<AffineExpr> starts, ArrayRef<AffineExpr> ends,
                   std::optional<SmallVector<int64_t>> axes, std::optional<SmallVector<int64_t>> steps,
                   std::optional<int64_t> largest = std::nullopt) {
  ArrayRef<AffineExpr> dims = node.getDims(0);
  if (!axes)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, starts.size()));
  if (!steps)
    steps.emplace(starts.size(), 1);
  if (starts.size() != ends.size() || axes->size() != starts.size() || steps->size() != starts.size()) {
    node.error() << "starts, ends, axes and steps have different lengths";
    return;
  }
  node.normalizeAxes(*axes, dims.size()); // reports repeated ones
  NumPySlice slice(dims.size());
  SmallVector<Part> parts = takeAll(node);
  bool isKnown = true;
  for (size_t i = 0; i < starts.size() && !node.hasFailed(); ++i) {
    int64_t dim = node.normalizeAxis((*axes)[i], dims.size()), step = (*steps)[i];
    if (node.hasFailed())
      return;
    std::optional<int64_t> extent = constantDim(dims[dim]), start = constantDim(starts[i]), end = constantDim(ends[i]);
    bool reachesEnd = ends[i] == dims[dim] || end.value_or(0) >= INT32_MAX;
    if (step == 0)
      node.error() << "has the step 0";
    if (node.hasFailed())
      return;
    if (extent && start && end) {
      slice.cut(dim, *extent, *start, *end, step);
      bool isWhole = slice.sizes[dim] == -1;
      parts[dim] = {node.extent(slice.starts[dim]), isWhole ? dims[dim] : node.extent(slice.sizes[dim]),
                    slice.steps[dim]};
    } else if (start != 0 || !reachesEnd || step != 1) {
      isKnown = false;
      parts[dim] = cutSymbolic(node, dims[dim], starts[i], ends[i], step);
      if (largest && step == 1)
        parts[dim].size = minimumExtent(parts[dim].size, node.extent(*largest));
    }
  }
  if (isKnown)
    setSlice(node, 0, slice);
  else
    setParts(node, 0, parts);
}

void importSliceAttributes(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  Dims starts, ends;
  for (int64_t start : node.getIntegers("starts").value_or(SmallVector<int64_t>()))
    starts.push_back(node.extent(start));
  for (int64_t end : node.getIntegers("ends").value_or(SmallVector<int64_t>()))
    ends.push_back(node.extent(end));
  importSliceOf(node, starts, ends, node.getIntegers("axes"), std::nullopt);
}

void importSlice(NodeImporter &node) {
  if (!node.expectOperands(3, 5))
    return;
  // Whether a run decides how many bounds an operand has.
  auto isOpen = [&](int64_t i) {
    return node.hasOperand(i) && node.getRank(i) == 1 && !constantDim(node.getDims(i)[0]);
  };
  auto isComputed = [&](int64_t i) {
    const KnownValue *known = node.hasOperand(i) ? node.followOperand(i) : nullptr;
    return node.hasOperand(i) && (!known || !known->isConstant());
  };
  if (isOpen(1) || isOpen(2) || isComputed(3) || isComputed(4)) {
    node.setResult(0, sliceByRun(node));
    return;
  }
  std::optional<SmallVector<int64_t>> axes, steps;
  std::optional<Dims> starts = node.getKnownExtents(1, "starts"), ends = node.getKnownExtents(2, "ends");
  if (node.hasOperand(3))
    axes = node.getKnownIntegers(3, "axes");
  if (node.hasOperand(4))
    steps = node.getKnownIntegers(4, "steps");
  if (!node.hasFailed())
    importSliceOf(node, *starts, *ends, axes, steps, getLargestSize(node));
}

/// Sizes come as an attribute before opset 13, then as an operand; equal parts if they are left out.
void importSplit(NodeImporter &node) {
  if (!node.expectOperands(1, 2))
    return;
  ArrayRef<AffineExpr> dims = node.getDims(0);
  int64_t axis = node.normalizeAxis(node.getInteger("axis", 0), dims.size());
  if (node.hasFailed())
    return;
  int64_t parts = node.getInteger("num_outputs", node.getNumResults());
  Dims sizes;
  if (node.hasOperand(1)) {
    sizes = node.getKnownExtents(1, "split").value_or(Dims());
  } else if (auto given = node.getIntegers("split")) {
    for (int64_t size : *given)
      sizes.push_back(node.extent(size));
  } else if (parts >= 1 && parts == node.getNumResults()) {
    // The last part is smaller where the extent does not divide.
    AffineExpr size = divideExtentsUp(dims[axis], node.extent(parts)), left = dims[axis];
    for (int64_t i = 0; i < parts; ++i) {
      sizes.push_back(minimumExtent(size, left));
      left = subtractExtents(left, sizes.back());
    }
  }
  if (node.hasFailed())
    return;
  AffineExpr total = node.extent(0);
  bool isValid = static_cast<int64_t>(sizes.size()) == node.getNumResults();
  for (AffineExpr size : sizes) {
    isValid &= getExtentRange(size).high >= 0;
    total = addExtents(total, size);
  }
  if (!isValid || !mayBeEqual(total, dims[axis])) {
    node.error() << "splits " << describeExtent(dims[axis], node.getImporter().getSymbolNames())
                 << " elements into parts that do not add up to them, or are not as many as its "
                 << node.getNumResults() << " results";
    return;
  }
  bool isGiven = node.hasOperand(1) || node.hasAttribute("split");
  if (isGiven && total != normalizeExtent(dims[axis]))
    node.expectInRun(ExtentRelation::Equal, dims[axis], total);
  AffineExpr start = node.extent(0);
  for (int64_t i = 0; i < node.getNumResults(); ++i) {
    AffineExpr size = sizes[i];
    std::optional<int64_t> known = constantDim(size), first = constantDim(start);
    if (known && first && constantDim(dims[axis])) {
      NumPySlice slice(dims.size());
      slice.starts[axis] = *known == 0 ? 0 : *first;
      slice.sizes[axis] = *known;
      setSlice(node, i, slice);
    } else {
      SmallVector<Part> taken = takeAll(node);
      taken[axis] = {start, size, 1};
      setParts(node, i, taken);
    }
    start = addExtents(start, size);
  }
}

void importConcat(NodeImporter &node) {
  int64_t count = node.getNumOperands();
  if (!node.expectOperands(1, count) || !node.expectOperands(count, count))
    return;
  if (readsGrowingState(node)) {
    appendToGrowingState(node);
    return;
  }
  int64_t axis = node.normalizeAxis(node.getInteger("axis", 1), node.getRank(0)); // a default that opset 4 took away
  SmallVector<Value> operands;
  for (int64_t i = 0; i < count; ++i) {
    if (node.getElementType(i) != node.getElementType(0) && !node.hasFailed())
      node.error() << "operands have different element types";
    operands.push_back(node.getOperand(i));
  }
  if (!node.hasFailed())
    node.setResult(0, count == 1 ? operands[0] : node.create<ConcatOp>(ValueRange(operands), node.integer(axis)));
}

void importGather(NodeImporter &node) {
  if (!node.expectOperands(2, 2))
    return;
  int64_t axis = node.normalizeAxis(node.getInteger("axis", 0), node.getRank(0));
  node.setResult(0, node.create<GatherOp>(node.getOperand(0), node.getOperand(1), node.integer(axis)));
}

} // namespace

void registerSlicing(OpRegistry &registry) {
  registry.add("Slice", 1, importSliceAttributes);
  registry.add("Slice", 10, importSlice);
  registry.add("Split", 1, importSplit);
  registry.add("Concat", 1, importConcat);
  registry.add("Gather", 1, importGather);
}

} // namespace dlc::onnx_import
