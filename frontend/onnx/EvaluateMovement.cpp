// SPDX-License-Identifier: Apache-2.0
// What joins, parts and picks elements that are known while a model is imported: shapes, bounds and amounts of padding
// that exporters take apart and put together in another order.
#include "frontend/onnx/NodeImporter.h"
#include "frontend/onnx/OpRegistry.h"
#include <numeric>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// A row-major shape around one of its dimensions.
struct Around {
  int64_t outer, inner; ///< positions before and elements after it

  Around(ArrayRef<int64_t> shape, int64_t axis)
      : outer(countElements(shape.take_front(axis))), inner(countElements(shape.drop_front(axis + 1))) {}
};

/// Attribute `axis` in a tensor of `rank` dimensions, if it is valid. Importers report the others.
std::optional<int64_t> getAxis(NodeImporter &node, int64_t rank, int64_t byDefault) {
  int64_t axis = node.getInteger("axis", byDefault);
  return axis >= -rank && axis < rank ? std::optional(axis < 0 ? axis + rank : axis) : std::nullopt;
}

void evaluateConcat(NodeImporter &node) {
  const KnownValue &first = *node.getKnown(0);
  std::optional<int64_t> axis = getAxis(node, first.rank(), 1); // a default that opset 4 took away
  if (!axis)
    return;
  KnownValue result{first.elementType, first.shape, {}};
  result.shape[*axis] = 0;
  for (int64_t i = 0; i < node.getNumOperands(); ++i) {
    const KnownValue *part = node.getKnown(i);
    if (!part || part->rank() != first.rank() || part->elementType != first.elementType)
      return;
    for (int64_t dim = 0; dim < first.rank(); ++dim)
      if (dim != *axis && part->shape[dim] != first.shape[dim])
        return;
    result.shape[*axis] += part->shape[*axis];
  }
  if (countElements(result.shape) > KnownValue::maxElements)
    return;
  Around around(result.shape, *axis);
  for (int64_t outer = 0; outer < around.outer; ++outer)
    for (int64_t i = 0; i < node.getNumOperands(); ++i) {
      int64_t count = node.getKnown(i)->shape[*axis] * around.inner;
      llvm::append_range(result.elements, ArrayRef(node.getKnown(i)->elements).slice(outer * count, count));
    }
  node.setKnown(0, std::move(result));
}

void evaluateGather(NodeImporter &node) {
  const KnownValue &x = *node.getKnown(0), &indices = *node.getKnown(1);
  std::optional<int64_t> axis = getAxis(node, x.rank(), 0);
  if (!axis || !isInteger(indices.elementType))
    return;
  int64_t extent = x.shape[*axis];
  SmallVector<int64_t> positions;
  for (const KnownElement &element : indices.elements) {
    std::optional<int64_t> index = constantDim(element.expression);
    if (!index || *index < -extent || *index >= extent)
      return;
    positions.push_back(*index < 0 ? *index + extent : *index);
  }
  SmallVector<int64_t> shape(ArrayRef(x.shape).take_front(*axis));
  llvm::append_range(shape, indices.shape);
  llvm::append_range(shape, ArrayRef(x.shape).drop_front(*axis + 1));
  if (countElements(shape) > KnownValue::maxElements)
    return;
  int64_t inner = Around(x.shape, *axis).inner, count = positions.size();
  node.setKnown(0, pickElements(x, shape, [&](int64_t i) {
                  int64_t row = i / inner;
                  return (row / count * extent + positions[row % count]) * inner + i % inner;
                }));
}

/// Sizes come as an attribute before opset 13, then as an operand; equal parts if they are left out.
void evaluateSplit(NodeImporter &node) {
  const KnownValue &x = *node.getKnown(0);
  std::optional<int64_t> axis = getAxis(node, x.rank(), 0);
  int64_t parts = node.getNumResults();
  if (!axis || parts < 1 || node.getInteger("num_outputs", parts) != parts)
    return;
  int64_t extent = x.shape[*axis];
  SmallVector<int64_t> sizes;
  if (node.hasOperand(1)) {
    if (!isInteger(node.getKnown(1)->elementType))
      return;
    for (const KnownElement &size : node.getKnown(1)->elements)
      sizes.push_back(constantDim(size.expression).value_or(-1));
  } else if (auto given = node.getIntegers("split")) {
    sizes = *given;
  } else {
    // The last part is smaller where the extent does not divide.
    int64_t size = (extent + parts - 1) / parts;
    for (int64_t start = 0; start < parts * size; start += size)
      sizes.push_back(std::clamp<int64_t>(extent - start, 0, size));
  }
  if (static_cast<int64_t>(sizes.size()) != parts || llvm::any_of(sizes, [](int64_t size) { return size < 0; }) ||
      std::accumulate(sizes.begin(), sizes.end(), int64_t(0)) != extent)
    return;
  int64_t inner = Around(x.shape, *axis).inner, start = 0;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    SmallVector<int64_t> shape(x.shape);
    shape[*axis] = size;
    int64_t row = size * inner;
    node.setKnown(i, pickElements(x, shape, [&](int64_t position) {
                    return position / row * extent * inner + start * inner + position % row;
                  }));
    start += size;
  }
}

/// Repeats, one for each dimension, that are constants. Opset 1 has an axis as third operand.
void evaluateTile(NodeImporter &node) {
  if (node.getNumOperands() != 2)
    return;
  const KnownValue &x = *node.getKnown(0), &repeats = *node.getKnown(1);
  if (!isInteger(repeats.elementType) || static_cast<int64_t>(repeats.elements.size()) != x.rank())
    return;
  SmallVector<int64_t> shape;
  for (auto [extent, element] : llvm::zip(x.shape, repeats.elements)) {
    std::optional<int64_t> repeat = constantDim(element.expression);
    if (!repeat || *repeat < 0 || *repeat > KnownValue::maxElements)
      return;
    shape.push_back(extent * *repeat);
  }
  if (countElements(shape) > KnownValue::maxElements)
    return;
  node.setKnown(0, pickElements(x, shape, [&](int64_t i) {
                  int64_t source = 0;
                  for (int64_t dim = 0; dim < x.rank(); ++dim)
                    source = source * x.shape[dim] + i / Around(shape, dim).inner % shape[dim] % x.shape[dim];
                  return source;
                }));
}

} // namespace

void registerMovementEvaluators(OpRegistry &registry) {
  registry.addEvaluator("Concat", 1, evaluateConcat);
  registry.addEvaluator("Gather", 2, evaluateGather);
  registry.addEvaluator("Split", 1, evaluateSplit);
  registry.addEvaluator("Tile", 2, evaluateTile);
}

} // namespace dlc::onnx_import
