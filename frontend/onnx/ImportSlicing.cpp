// SPDX-License-Identifier: Apache-2.0
// Ops that take parts of tensors or put tensors together.
#include "frontend/NumPySlice.h"
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsMovement.h"
#include "llvm/Support/MathExtras.h"

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

void importSliceOf(NodeImporter &node, ArrayRef<AffineExpr> starts, ArrayRef<AffineExpr> ends,
                   std::optional<SmallVector<int64_t>> axes, std::optional<SmallVector<int64_t>> steps) {
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
  for (size_t i = 0; i < starts.size() && !node.hasFailed(); ++i) {
    int64_t dim = node.normalizeAxis((*axes)[i], dims.size()), step = (*steps)[i];
    if (node.hasFailed())
      return;
    std::optional<int64_t> extent = constantDim(dims[dim]), start = constantDim(starts[i]), end = constantDim(ends[i]);
    bool reachesEnd = ends[i] == dims[dim] || end.value_or(0) >= INT32_MAX;
    if (step == 0)
      node.error() << "has the step 0";
    else if (extent && start && end)
      slice.cut(dim, *extent, *start, *end, step);
    else if (start != 0 || !reachesEnd || step != 1)
      node.error() << "takes a part of dimension " << dim
                   << " whose position depends on symbolic extents, which is not supported; give the inputs' extents "
                      "with --shape";
  }
  setSlice(node, 0, slice);
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
  std::optional<SmallVector<int64_t>> axes, steps;
  std::optional<Dims> starts = node.getKnownExtents(1, "starts"), ends = node.getKnownExtents(2, "ends");
  if (node.hasOperand(3))
    axes = node.getKnownIntegers(3, "axes");
  if (node.hasOperand(4))
    steps = node.getKnownIntegers(4, "steps");
  if (!node.hasFailed())
    importSliceOf(node, *starts, *ends, axes, steps);
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
  std::optional<SmallVector<int64_t>> sizes =
      node.hasOperand(1) ? node.getKnownIntegers(1, "split") : node.getIntegers("split");
  std::optional<int64_t> extent = constantDim(dims[axis]);
  if (node.hasFailed())
    return;
  if (!extent) {
    node.error() << "splits a symbolic extent, which is not supported; give the inputs' extents with --shape";
    return;
  }
  if (!sizes && parts >= 1 && parts == node.getNumResults()) {
    // The last part is smaller where the extent does not divide.
    sizes.emplace();
    int64_t size = llvm::divideCeil(*extent, parts);
    for (int64_t i = 0, left = *extent; i < parts; ++i, left -= sizes->back())
      sizes->push_back(std::min(size, left));
  }
  int64_t total = 0;
  bool isValid = sizes && static_cast<int64_t>(sizes->size()) == node.getNumResults();
  for (int64_t i = 0; isValid && i < node.getNumResults(); ++i) {
    isValid = (*sizes)[i] >= 0 && (*sizes)[i] <= *extent;
    total += (*sizes)[i];
  }
  if (!isValid || total != *extent) {
    node.error() << "splits " << *extent
                 << " elements into parts that do not add up to them, or are not as many as its "
                 << node.getNumResults() << " results";
    return;
  }
  int64_t start = 0;
  for (int64_t i = 0; i < node.getNumResults(); ++i) {
    NumPySlice slice(dims.size());
    slice.starts[axis] = (*sizes)[i] == 0 ? 0 : start;
    slice.sizes[axis] = (*sizes)[i];
    start += (*sizes)[i];
    setSlice(node, i, slice);
  }
}

void importConcat(NodeImporter &node) {
  int64_t count = node.getNumOperands();
  if (!node.expectOperands(1, count) || !node.expectOperands(count, count))
    return;
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

void evaluateConcat(NodeImporter &node) {
  const KnownValue &first = *node.getKnown(0);
  if (first.rank() != 1)
    return;
  KnownValue result{first.elementType, {0}, {}};
  for (int64_t i = 0; i < node.getNumOperands(); ++i) {
    const KnownValue *part = node.getKnown(i);
    if (!part || part->rank() != 1 || part->elementType != first.elementType)
      return;
    llvm::append_range(result.elements, part->elements);
  }
  result.shape[0] = result.elements.size();
  if (result.shape[0] <= KnownValue::maxElements)
    node.setKnown(0, std::move(result));
}

void importGather(NodeImporter &node) {
  if (!node.expectOperands(2, 2))
    return;
  int64_t axis = node.normalizeAxis(node.getInteger("axis", 0), node.getRank(0));
  node.setResult(0, node.create<GatherOp>(node.getOperand(0), node.getOperand(1), node.integer(axis)));
}

void evaluateGather(NodeImporter &node) {
  const KnownValue &x = *node.getKnown(0), &indices = *node.getKnown(1);
  if (x.rank() != 1 || !isInteger(indices.elementType))
    return;
  KnownValue result{x.elementType, indices.shape, {}};
  for (const KnownElement &element : indices.elements) {
    std::optional<int64_t> index = constantDim(element.expression);
    if (!index || *index < -x.shape[0] || *index >= x.shape[0])
      return;
    result.elements.push_back(x.elements[*index < 0 ? *index + x.shape[0] : *index]);
  }
  node.setKnown(0, std::move(result));
}

void importPadBy(NodeImporter &node, ArrayRef<int64_t> pads, ArrayRef<int64_t> axes, Value value) {
  int64_t rank = node.getRank(0), count = axes.size();
  if (static_cast<int64_t>(pads.size()) != 2 * count) {
    node.error() << "has " << pads.size() << " pads for " << count << " dimensions";
    return;
  }
  std::string name = node.getString("mode", "constant");
  std::optional<PadMode> mode = symbolizePadMode(name);
  if (!mode)
    node.error() << "mode '" << name << "' is not one of constant, edge, reflect and wrap";
  SmallVector<int64_t> low(rank, 0), high(rank, 0);
  for (int64_t i = 0; i < count && !node.hasFailed(); ++i) {
    if (!llvm::isInt<32>(pads[i]) || !llvm::isInt<32>(pads[i + count]))
      node.error() << "pads by more than 2147483647 elements";
    low[axes[i]] = pads[i];
    high[axes[i]] = pads[i + count];
  }
  if (node.hasFailed())
    return;
  node.setResult(0, node.create<PadOp>(node.getOperand(0), value, node.integers(low), node.integers(high),
                                       PadModeAttr::get(node.getContext(), *mode)));
}

void importPadAttributes(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  auto pads = node.getIntegers(node.hasAttribute("paddings") ? "paddings" : "pads");
  double number = node.getReal("value", 0);
  Value value = number == 0 || node.hasFailed() ? Value() : node.createScalar(node.getElementType(0), number);
  importPadBy(node, pads.value_or(SmallVector<int64_t>()), llvm::to_vector(llvm::seq<int64_t>(0, node.getRank(0))),
              value);
}

void importPad(NodeImporter &node) {
  if (!node.expectOperands(2, 4))
    return;
  auto pads = node.getKnownIntegers(1, "pads");
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, node.getRank(0)));
  if (node.hasOperand(3))
    if (auto given = node.getKnownIntegers(3, "axes")) {
      node.normalizeAxes(*given, axes.size()); // reports repeated ones
      SmallVector<int64_t> normalized;
      for (int64_t axis : *given)
        normalized.push_back(node.hasFailed() ? 0 : node.normalizeAxis(axis, node.getRank(0)));
      axes = normalized;
    }
  Value value = node.hasOperand(2) ? node.getOperand(2) : Value();
  if (value && node.getElementType(2) != node.getElementType(0))
    node.error() << "the padding value has another element type than the operand";
  if (value && !node.hasFailed())
    value = node.reshape(value, {});
  if (!node.hasFailed())
    importPadBy(node, *pads, axes, value);
}

} // namespace

void registerSlicing(OpRegistry &registry) {
  registry.add("Slice", 1, importSliceAttributes);
  registry.add("Slice", 10, importSlice);
  registry.add("Split", 1, importSplit);
  registry.add("Concat", 1, importConcat);
  registry.addEvaluator("Concat", evaluateConcat);
  registry.add("Gather", 1, importGather);
  registry.addEvaluator("Gather", evaluateGather);
  registry.add("Pad", 1, importPadAttributes);
  registry.add("Pad", 11, importPad);
}

} // namespace dlc::onnx_import
