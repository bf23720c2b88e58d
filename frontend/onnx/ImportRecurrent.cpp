// SPDX-License-Identifier: Apache-2.0
// Recurrent layers, which become loops over time.
#include "frontend/OnnxRecurrence.h"
#include "frontend/QuantizedRecurrence.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/Names.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Where one operand tells the batch as a number, as an exporter's initial state does, the others have it, too.
void fixBatch(NodeImporter &node, OnnxRecurrence &operation) {
  size_t inSequence = operation.isBatchFirst ? 0 : 1;
  std::pair<Value *, size_t> batches[] = {{&operation.x, inSequence},
                                          {&operation.lengths, 0},
                                          {&operation.initialHidden, inSequence},
                                          {&operation.initialCell, inSequence}};
  AffineExpr known;
  for (auto [value, dim] : batches)
    if (*value && dim < node.getDims(*value).size() && constantDim(node.getDims(*value)[dim]))
      known = node.getDims(*value)[dim];
  for (auto [value, dim] : batches) {
    if (!known || !*value || dim >= node.getDims(*value).size() || constantDim(node.getDims(*value)[dim]))
      continue;
    *value = fixExtent(node, *value, dim, known);
  }
}

/// The operands of ONNX's operation, and those of com.microsoft's where weights are quantized.
template <RecurrentKind kind, bool isQuantized = false> void importRecurrent(NodeImporter &node) {
  constexpr bool isLstm = kind == RecurrentKind::Lstm;
  if (!node.expectOperands(3, isQuantized ? 12 : isLstm ? 8 : 6))
    return;
  OnnxRecurrence operation{kind};
  auto get = [&](size_t i) { return node.hasOperand(i) ? node.getOperand(i) : Value(); };
  operation.takeOperands(get);
  if (isQuantized) {
    auto dequantize = [&](Value weight, unsigned scale, unsigned zeroPoint) -> Value {
      Value given = node.getOperand(scale);
      if (node.hasFailed())
        return {};
      return dequantizeGates(node.getBuilder(), node.getLocation(), weight, given, get(zeroPoint),
                             [&](const Twine &message) { node.error() << message; });
    };
    operation.weight = dequantize(operation.weight, WeightScale, WeightZeroPoint);
    operation.recurrent = dequantize(operation.recurrent, RecurrentScale, RecurrentZeroPoint);
  }
  if (isLstm)
    operation.couplesGates = node.getFlag("input_forget");
  operation.direction = node.getString("direction", "forward");
  if (auto names = node.getStrings("activations"))
    operation.activations = *names;
  if (auto alphas = node.getReals("activation_alpha"))
    operation.alphas = *alphas;
  if (auto betas = node.getReals("activation_beta"))
    operation.betas = *betas;
  if (node.hasAttribute("clip"))
    operation.clip = node.getReal("clip", 0);
  if (node.hasAttribute("hidden_size"))
    operation.units = node.getInteger("hidden_size", 0);
  if (kind == RecurrentKind::Gru)
    operation.resetsAfter = node.getFlag("linear_before_reset");
  operation.isBatchFirst = node.getFlag("layout");
  operation.wantsSequence = node.hasResult(0);
  if (!node.hasFailed())
    fixBatch(node, operation);
  if (node.hasFailed())
    return;

  std::optional<OnnxRecurrenceResults> results = buildOnnxRecurrence(
      node.getBuilder(), node.getLocation(), operation, [&](const Twine &message) { node.error() << message; });
  if (!results)
    return;
  // Extents that are known at run time only are those of the input.
  ArrayRef<AffineExpr> input = node.getDims(0);
  AffineExpr steps = input[operation.isBatchFirst ? 1 : 0], batch = input[operation.isBatchFirst ? 0 : 1];
  auto set = [&](int64_t i, Value value, ArrayRef<AffineExpr> symbolic) {
    if (!value)
      return;
    auto type = cast<RankedTensorType>(value.getType());
    Dims dims;
    for (auto [extent, size] : llvm::zip(symbolic, type.getShape()))
      dims.push_back(ShapedType::isDynamic(size) ? extent : node.extent(size));
    node.getImporter().setDims(value, std::move(dims));
    node.setResult(i, value);
  };
  AffineExpr none = node.extent(0);
  if (operation.isBatchFirst) {
    set(0, results->sequence, {batch, steps, none, none});
    set(1, results->hidden, {batch, none, none});
    set(2, results->cell, {batch, none, none});
  } else {
    set(0, results->sequence, {steps, none, batch, none});
    set(1, results->hidden, {none, batch, none});
    set(2, results->cell, {none, batch, none});
  }
}

} // namespace

void registerRecurrent(OpRegistry &registry) {
  registry.add("RNN", 1, importRecurrent<RecurrentKind::Elman>);
  registry.add("GRU", 1, importRecurrent<RecurrentKind::Gru>);
  registry.add("LSTM", 1, importRecurrent<RecurrentKind::Lstm>);
  registry.add("com.microsoft.DynamicQuantizeLSTM", 1, importRecurrent<RecurrentKind::Lstm, /*isQuantized=*/true>);
}

} // namespace dlc::onnx_import
