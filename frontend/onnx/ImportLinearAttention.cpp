// SPDX-License-Identifier: Apache-2.0
// Linear attention: a loop over time whose state is a matrix for each head, the sum of what keys and values wrote.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLinear.h"
#include "ir/OpsTransposition.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// The operands of a step, by name; null where the rule has none.
struct LinearAttention {
  Value query, key, value, decay, beta; ///< scan inputs: [T, B, groups, ...]
  Value state;                          ///< [B, groups, key size, value size]
  bool isGated, isDelta;
  double scale;
};

/// Operand `i`, [B, T, count * size], as [T, B, extents...] in f32.
Value putTimeFirst(NodeImporter &node, int64_t i, ArrayRef<int64_t> extents) {
  Dims given(node.getDims(i)), dims;
  int64_t product = 1;
  for (int64_t extent : extents)
    product *= extent;
  if (given.size() != 3 || constantDim(given[2]) != product) {
    if (!node.hasFailed())
      node.error() << "operand " << i << " must be [batch, length, " << product << "]";
    return {};
  }
  dims.append({given[0], given[1]});
  SmallVector<int64_t> permutation{1, 0};
  for (int64_t extent : extents) {
    permutation.push_back(dims.size());
    dims.push_back(node.extent(extent));
  }
  Value wide = node.cast(node.getOperand(i), node.getBuilder().getF32Type());
  return node.create<TransposeOp>(node.reshape(wide, dims), node.integers(permutation));
}

std::optional<LinearAttention> getOperands(NodeImporter &node, int64_t heads, int64_t groups, int64_t size,
                                           int64_t valueSize) {
  LinearAttention result;
  std::string rule = node.getString("update_rule", "gated_delta");
  result.isGated = rule == "gated" || rule == "gated_delta";
  result.isDelta = rule == "delta" || rule == "gated_delta";
  if (!result.isGated && !result.isDelta && rule != "linear" && !node.hasFailed())
    node.error() << "update_rule '" << rule << "' is not one of linear, gated, delta and gated_delta";
  if ((node.hasOperand(4) != result.isGated || node.hasOperand(5) != result.isDelta) && !node.hasFailed())
    node.error()
        << "expects 'decay' where the rule is gated and 'beta' where it is a delta rule, and only there; the rule is "
        << rule;
  result.query = putTimeFirst(node, 0, {groups, heads / groups, size});
  result.key = putTimeFirst(node, 1, {groups, size, 1});
  result.value = putTimeFirst(node, 2, {groups, 1, valueSize});
  if (node.hasFailed())
    return std::nullopt;
  // One number a head, or one for each element of its keys.
  if (result.isGated)
    result.decay = putTimeFirst(node, 4, {groups, constantDim(node.getDims(4).back()) == groups ? 1 : size, 1});
  if (result.isDelta)
    result.beta = putTimeFirst(node, 5, {constantDim(node.getDims(5).back()) == 1 ? 1 : groups, 1, 1});
  Type wide = node.getBuilder().getF32Type();
  result.state = node.hasOperand(3)
                     ? node.cast(node.getOperand(3), wide)
                     : node.create<FillOp>(node.getOperand(0), node.integers({-2, groups, size, valueSize}),
                                           node.real(0), TypeAttr::get(wide));
  double scale = node.getReal("scale", 0);
  result.scale = scale == 0 ? 1 / std::sqrt(static_cast<double>(size)) : scale;
  return node.hasFailed() ? std::nullopt : std::optional(result);
}

void importLinearAttention(NodeImporter &node) {
  if (!node.expectOperands(3, 6) || !expectElements(node, 0, ElementClass::Real))
    return;
  int64_t heads = node.getInteger("q_num_heads", 0), groups = node.getInteger("kv_num_heads", 0);
  std::optional<int64_t> features = node.getRank(0) == 3 ? constantDim(node.getDims(0)[2]) : std::nullopt,
                         values = node.getRank(2) == 3 ? constantDim(node.getDims(2)[2]) : std::nullopt;
  if (heads < 1 || groups < 1 || heads % groups != 0 || !features || !values || *features % heads != 0 ||
      *values % groups != 0) {
    if (!node.hasFailed())
      node.error() << "expects operands of rank 3 with known last extents that its heads (" << heads << " and "
                   << groups << ") divide";
    return;
  }
  int64_t size = *features / heads, valueSize = *values / groups;
  std::optional<LinearAttention> operands = getOperands(node, heads, groups, size, valueSize);
  if (!operands)
    return;
  SmallVector<Value> scanInputs{operands->query, operands->key, operands->value};
  for (Value optional : {operands->decay, operands->beta})
    if (optional)
      scanInputs.push_back(optional);
  ImportState &importer = node.getImporter();
  Dims stateDims(node.getDims(operands->state)), outputDims(node.getDims(operands->query));
  outputDims.back() = node.extent(valueSize);
  LoopBuilder loop(node.getBuilder(), node.getLocation(), operands->state, scanInputs);
  auto enter = [&](Value inside, ArrayRef<AffineExpr> dims) {
    importer.setDims(inside, Dims(dims));
    return inside;
  };
  auto enterSlice = [&](size_t i) { return enter(loop.getScanSlice(i), node.getDims(scanInputs[i]).drop_front()); };
  Value state = enter(loop.getLoopCarried(0), stateDims), query = enterSlice(0), key = enterSlice(1),
        value = enterSlice(2);
  if (operands->isGated)
    state = node.multiply(state, node.create<ExpOp>(enterSlice(3)));
  if (operands->isDelta) {
    Value known = node.create<MatMulOp>(key, state, /*transpose_lhs=*/true, false);
    value = node.multiply(enterSlice(operands->isGated ? 4 : 3), node.subtract(value, known));
  }
  state = node.add(state, node.multiply(key, value));
  Value output = node.multiply(node.create<MatMulOp>(query, state, false, false),
                               node.createScalar(node.getBuilder().getF32Type(), operands->scale));
  if (node.hasFailed())
    return loop.goOutside();
  auto results = loop.finish(state, output);
  importer.setDims(results[0], stateDims);
  importer.setDims(results[1], outputDims);
  Value batchFirst = node.create<TransposeOp>(Value(results[1]), node.integers({1, 0, 2, 3, 4}));
  node.setResult(0, node.cast(node.reshape(batchFirst, {outputDims[1], outputDims[0], node.extent(heads * valueSize)}),
                              node.getElementType(0)));
  if (node.hasResult(1))
    node.setResult(1, node.cast(results[0], node.hasOperand(3) ? node.getElementType(3) : node.getElementType(0)));
}

} // namespace

void registerLinearAttention(OpRegistry &registry) { registry.add("LinearAttention", 27, importLinearAttention); }

} // namespace dlc::onnx_import
