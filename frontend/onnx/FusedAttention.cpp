// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/FusedAttention.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/IndexArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsTransposition.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {

Value splitHeads(NodeImporter &node, Value x, int64_t heads) {
  if (node.hasFailed())
    return {};
  Dims dims(node.getDims(x));
  std::optional<int64_t> hidden = dims.size() == 3 ? constantDim(dims[2]) : std::nullopt;
  if (!hidden || heads < 1 || *hidden % heads != 0) {
    node.error() << "expects [batch, length, heads times elements] with a known last extent that " << heads
                 << " heads divide";
    return {};
  }
  return node.reshape(x, {dims[0], dims[1], node.extent(heads), node.extent(*hidden / heads)});
}

Value exchangeHeads(NodeImporter &node, Value x) { return node.create<TransposeOp>(x, node.integers({0, 2, 1, 3})); }

Value mergeHeads(NodeImporter &node, Value x) {
  Value merged = exchangeHeads(node, x);
  if (node.hasFailed())
    return {};
  Dims dims(node.getDims(merged));
  return node.reshape(merged, {dims[0], dims[1], dims[2] * dims[3]});
}

Value appendPositions(NodeImporter &node, Value past, Value next) {
  return node.create<ConcatOp>(ValueRange{past, next}, node.integer(2));
}

double getAttentionScale(NodeImporter &node, Value query) {
  double scale = node.getReal("scale", 0);
  if (scale != 0 || node.hasFailed())
    return scale;
  return 1 / std::sqrt(static_cast<double>(constantDim(node.getDims(query)[3]).value_or(1)));
}

Value createMask(NodeImporter &node, int64_t i, Value query, Value key) {
  if (!node.hasOperand(i) || node.hasFailed() || !expectElements(node, i, ElementClass::Integer))
    return {};
  Dims mask(node.getDims(i));
  AffineExpr batch = node.getDims(query)[0], one = node.extent(1);
  Type type = getElementTypeOrSelf(query), i64 = node.getBuilder().getI64Type();
  Value given = node.getOperand(i), isVisible;
  if (mask.size() == 1) {
    // One or two numbers per sample: where its keys end, then where they start.
    bool hasStart = mask[0] != batch && mask[0] == batch * 2;
    if (mask[0] != batch && !hasStart) {
      node.error() << "has a mask of rank 1 that holds neither one nor two numbers per sample";
      return {};
    }
    Value positions = numberAlong(node, key, 2, 3, 4);
    auto bound = [&](int64_t part) {
      std::optional<int64_t> count = constantDim(batch);
      Value numbers = node.cast(given, i64);
      if (hasStart && !count)
        node.error() << "has starts and ends of a symbolic number of samples, which is not supported; give the inputs' "
                        "extents with --shape";
      if (hasStart && count)
        numbers = node.sliceAlong(numbers, 0, part * *count, *count);
      return node.hasFailed() ? Value() : node.reshape(numbers, {batch, one, one, one});
    };
    isVisible = node.create<LessOp>(positions, bound(0));
    if (hasStart)
      isVisible = node.create<AndOp>(isVisible, node.create<GreaterOrEqualOp>(positions, bound(1)));
  } else if (mask.size() == 2 || mask.size() == 3) {
    isVisible = node.create<GreaterOp>(given, node.createScalar(node.getElementType(i), 0));
    isVisible = node.reshape(isVisible, mask.size() == 2 ? Dims{mask[0], one, one, mask[1]}
                                                         : Dims{mask[0], one, mask[1], mask[2]});
  } else {
    node.error() << "has a mask of rank " << mask.size() << ", which is not supported";
    return {};
  }
  return node.create<WhereOp>(isVisible, node.createScalar(type, 0),
                              node.createScalar(type, node.getReal("mask_filter_value", -10000)));
}

Value addMasks(NodeImporter &node, Value mask, int64_t i) {
  if (!node.hasOperand(i) || node.hasFailed())
    return mask;
  Value bias = node.getOperand(i);
  return mask ? node.add(mask, bias) : bias;
}

} // namespace dlc::onnx_import
