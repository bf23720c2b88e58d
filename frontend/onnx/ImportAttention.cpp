// SPDX-License-Identifier: Apache-2.0
// Attention, and the update of a cache of keys or values.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/IndexArithmetic.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/ExtentAlgebra.h"
#include "ir/OpsActivation.h"
#include "ir/OpsAttention.h"
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLinear.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"
#include "ir/OpsTransposition.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

Value transpose(NodeImporter &node, Value x, ArrayRef<int64_t> permutation) {
  return node.create<TransposeOp>(x, node.integers(permutation));
}

/// [batch, length, heads * size] as [batch, heads, length, size]; what has rank 4 stays.
Value splitHeads(NodeImporter &node, int64_t operand, StringRef attribute) {
  ArrayRef<AffineExpr> dims = node.getDims(operand);
  if (node.hasFailed() || dims.size() == 4)
    return node.hasFailed() ? Value() : node.getOperand(operand);
  int64_t heads = node.getInteger(attribute, 0);
  std::optional<int64_t> hidden = dims.size() == 3 ? constantDim(dims[2]) : std::nullopt;
  if (!hidden || heads < 1 || *hidden % heads != 0) {
    if (!node.hasFailed())
      node.error() << "operand " << operand << " must have rank 4, or rank 3 with a known last extent that '"
                   << attribute << "' (" << heads << ") divides";
    return {};
  }
  Value split =
      node.reshape(node.getOperand(operand), {dims[0], dims[1], node.extent(heads), node.extent(*hidden / heads)});
  return transpose(node, split, {0, 2, 1, 3});
}

/// [batch, heads, length, size] as [batch, length, heads * size].
Value mergeHeads(NodeImporter &node, Value x) {
  Value merged = transpose(node, x, {0, 2, 1, 3});
  if (node.hasFailed())
    return {};
  Dims dims(node.getDims(merged));
  return node.reshape(merged, {dims[0], dims[1], dims[2] * dims[3]});
}

/// What the attention of a node reads and how.
struct AttentionInputs {
  Value query, key, value;      ///< per head; the past is part of key and value
  Value scaledQuery, scaledKey; ///< what scores are products of, but for `scale`
  Value mask, lengths;          ///< null: none
  double scale = 1, softcap = 0;
  IntegerAttr left, right;
  int64_t offset = 0;
  bool isFromEnd = false;
};

/// The mask for all keys: a shorter one lets nothing else through.
Value padMask(NodeImporter &node, Value mask, AffineExpr keys) {
  Dims dims(node.getDims(mask));
  if (dims.empty())
    return mask;
  std::optional<int64_t> given = constantDim(dims.back()), whole = constantDim(keys);
  if (!given || !whole || *given >= *whole)
    return mask;
  SmallVector<int64_t> low(dims.size(), 0), high(dims.size(), 0);
  high.back() = *whole - *given;
  Type type = getElementTypeOrSelf(mask);
  return node.create<PadOp>(mask, node.createScalar(type, type.isInteger(1) ? 0 : -INFINITY), node.integers(low),
                            node.integers(high), PadMode::Constant);
}

/// The position of queries among the keys: after the `past` ones, or at the end of what is valid.
void setOffset(NodeImporter &node, AttentionInputs &inputs, AffineExpr past, AffineExpr newKeys) {
  if (inputs.lengths) {
    inputs.isFromEnd = true;
    return;
  }
  if (!past)
    return;
  std::optional<int64_t> known = constantDim(past),
                         difference = constantDim(subtractExtents(node.getDims(inputs.query)[2], newKeys));
  if (known)
    inputs.offset = *known;
  else if (difference) {
    inputs.isFromEnd = true;
    inputs.offset = *difference;
  } else
    node.error()
        << "is causal after a past whose length only a run knows, with numbers of new queries and keys that may "
           "differ, which is not supported";
}

std::optional<AttentionInputs> getAttentionInputs(NodeImporter &node) {
  AttentionInputs inputs;
  if (!node.expectOperands(3, 7) || !expectElements(node, 0, ElementClass::Real))
    return std::nullopt;
  inputs.query = splitHeads(node, 0, "q_num_heads");
  inputs.key = splitHeads(node, 1, "kv_num_heads");
  inputs.value = splitHeads(node, 2, "kv_num_heads");
  if (node.hasFailed())
    return std::nullopt;
  AffineExpr past, newKeys = node.getDims(inputs.key)[2];
  if (node.hasOperand(4) != node.hasOperand(5)) {
    node.error() << "expects past_key and past_value together";
    return std::nullopt;
  }
  if (node.hasOperand(4)) {
    if (node.getRank(4) != 4 || node.getRank(5) != 4) {
      node.error() << "expects a past of rank 4";
      return std::nullopt;
    }
    past = node.getDims(4)[2];
    auto append = [&](int64_t i, Value next) {
      return node.create<ConcatOp>(ValueRange{node.getOperand(i), next}, node.integer(2));
    };
    inputs.key = append(4, inputs.key);
    inputs.value = append(5, inputs.value);
  }
  if (node.hasFailed())
    return std::nullopt;
  if (node.hasOperand(3))
    inputs.mask = padMask(node, node.getOperand(3), node.getDims(inputs.key)[2]);
  if (node.hasOperand(6))
    inputs.lengths = node.getOperand(6);
  std::optional<int64_t> size = constantDim(node.getDims(inputs.query)[3]);
  inputs.scale = node.getReal("scale", 1 / std::sqrt(static_cast<double>(size.value_or(1))));
  inputs.softcap = node.getReal("softcap", 0);
  // ONNX multiplies each side by the square root of the scale, which matters where elements have 16 bits.
  if (getElementTypeOrSelf(inputs.query).getIntOrFloatBitWidth() == 16 && inputs.scale >= 0) {
    Value root = node.createScalar(getElementTypeOrSelf(inputs.query), std::sqrt(inputs.scale));
    inputs.scaledQuery = node.multiply(inputs.query, root);
    inputs.scaledKey = node.multiply(inputs.key, root);
    inputs.scale = 1;
  } else {
    inputs.scaledQuery = inputs.query;
    inputs.scaledKey = inputs.key;
  }
  int64_t left = node.getInteger("left_window_size", -1), right = node.getInteger("right_window_size", -1);
  if (node.getFlag("is_causal"))
    right = 0;
  if ((left < -1 || right < -1) && !node.hasFailed())
    node.error() << "has a window size below -1";
  if (left >= 0)
    inputs.left = node.integer(left);
  if (right >= 0)
    inputs.right = node.integer(right);
  if (inputs.left || inputs.right)
    setOffset(node, inputs, past, newKeys);
  int64_t precision = node.getInteger("softmax_precision", 1);
  // Softmax is computed in f32, or f64 for f64 operands: at least as exact as what is asked for.
  if (!llvm::is_contained({1, 10, 11, 16}, precision) && !node.hasFailed())
    node.error() << "softmax_precision " << precision << " is not a floating-point type";
  return node.hasFailed() ? std::nullopt : std::optional(inputs);
}

//===-- The fourth output: scores at some step -----------------------------===//

/// Which keys lengths and windows let a query see, broadcastable to the scores; null if all.
Value createVisibility(NodeImporter &node, const AttentionInputs &inputs) {
  if (!inputs.lengths && !inputs.left && !inputs.right)
    return {};
  Dims scores(node.getDims(inputs.query));
  scores[3] = node.getDims(inputs.key)[2];
  Type type = node.getBuilder().getI64Type();
  Value keys = numberAlong(node, inputs.key, 2, 3, 4), lengths, visible;
  auto restrict = [&](Value condition) { visible = visible ? node.create<AndOp>(visible, condition) : condition; };
  if (inputs.lengths && !node.hasFailed()) {
    lengths =
        node.reshape(node.cast(inputs.lengths, type), {scores[0], node.extent(1), node.extent(1), node.extent(1)});
    restrict(node.create<LessOp>(keys, lengths));
  }
  if (!inputs.left && !inputs.right)
    return visible;
  Value positions = numberAlong(node, inputs.query, 2, 2, 4);
  if (node.hasFailed())
    return {};
  AffineExpr offset = node.extent(inputs.offset);
  if (inputs.isFromEnd)
    offset = addExtents(offset, subtractExtents(lengths ? node.extent(0) : scores[3], scores[2]));
  positions = node.add(positions, node.createInteger(type, offset));
  if (inputs.isFromEnd && lengths)
    positions = node.add(positions, lengths);
  auto shift = [&](int64_t by) { return node.add(positions, node.createScalar(type, static_cast<double>(by))); };
  if (inputs.right)
    restrict(node.create<LessOrEqualOp>(keys, shift(inputs.right.getInt())));
  if (inputs.left)
    restrict(node.create<GreaterOrEqualOp>(keys, shift(-inputs.left.getInt())));
  return visible;
}

/// Scores after the step `mode` names: 0 the products, 1 the cap, 2 masks, 3 softmax.
Value createScores(NodeImporter &node, const AttentionInputs &inputs, int64_t mode) {
  Type type = getElementTypeOrSelf(inputs.query), wide = type.isF64() ? type : node.getBuilder().getF32Type();
  Dims query(node.getDims(inputs.query)), key(node.getDims(inputs.key));
  std::optional<int64_t> heads = constantDim(query[1]), groups = constantDim(key[1]);
  if (!heads || !groups || *groups < 1 || *heads % *groups != 0) {
    node.error() << "gives scores of numbers of heads that are unknown or do not divide";
    return {};
  }
  Value q = node.multiply(node.cast(inputs.scaledQuery, wide), node.createScalar(wide, inputs.scale));
  // Heads that share a key are a dimension of their own.
  q = node.reshape(q, {query[0], key[1], node.extent(*heads / *groups), query[2], query[3]});
  Value k = node.reshape(node.cast(inputs.scaledKey, wide), {key[0], key[1], node.extent(1), key[2], key[3]});
  Value scores = node.reshape(node.create<MatMulOp>(q, k, false, true), {query[0], query[1], query[2], key[2]});
  if (mode >= 1 && inputs.softcap > 0) {
    Value cap = node.createScalar(wide, inputs.softcap);
    scores = node.multiply(node.create<TanhOp>(node.divide(scores, cap)), cap);
  }
  if (mode >= 2) {
    Value visible = createVisibility(node, inputs), hidden = node.createScalar(wide, -INFINITY);
    if (inputs.mask && !node.hasFailed()) {
      if (getElementTypeOrSelf(inputs.mask).isInteger(1))
        visible = visible ? node.create<AndOp>(visible, inputs.mask) : inputs.mask;
      else
        scores = node.add(scores, node.cast(inputs.mask, wide));
    }
    if (visible)
      scores = node.create<WhereOp>(visible, scores, hidden);
    if (mode == 3) {
      Value largest = node.create<ReduceOp>(ReductionKind::Max, scores, ArrayRef<int64_t>{3}, true);
      Value softmax = node.create<SoftmaxOp>(scores, ArrayRef<int64_t>{3});
      scores = node.create<WhereOp>(node.create<EqualOp>(largest, hidden), node.createScalar(wide, 0), softmax);
    }
  }
  return node.hasFailed() ? Value() : node.cast(scores, type);
}

void importAttention(NodeImporter &node) {
  std::optional<AttentionInputs> inputs = getAttentionInputs(node);
  if (!inputs)
    return;
  bool hasRankThree = node.getRank(0) == 3;
  Value result =
      node.create<AttentionOp>(inputs->scaledQuery, inputs->scaledKey, inputs->value, inputs->mask, inputs->lengths,
                               node.real(inputs->scale), node.real(inputs->softcap), inputs->left, inputs->right,
                               node.integer(inputs->offset), node.flag(inputs->isFromEnd));
  node.setResult(0, hasRankThree ? mergeHeads(node, result) : result);
  if (node.hasResult(1))
    node.setResult(1, inputs->key);
  if (node.hasResult(2))
    node.setResult(2, inputs->value);
  if (!node.hasResult(3) || node.hasFailed())
    return;
  int64_t mode = node.getInteger("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3) {
    node.error() << "qk_matmul_output_mode " << mode << " is not one of 0 to 3";
    return;
  }
  node.setResult(3, createScores(node, *inputs, mode));
}

//===-- Caches -------------------------------------------------------------===//

/// present[b, ..., (write[b] + s) mod length, ...] = update[b, ..., s, ...]: every position of the cache takes its
/// element of the update, if it has one.
void importTensorScatter(NodeImporter &node) {
  if (!node.expectOperands(2, 3))
    return;
  std::string mode = node.getString("mode", "linear");
  if (mode != "linear" && mode != "circular" && !node.hasFailed())
    node.error() << "mode '" << mode << "' is neither linear nor circular";
  int64_t rank = node.getRank(0), axis = node.normalizeAxis(node.getInteger("axis", -2), rank);
  if (node.hasFailed())
    return;
  Dims cache(node.getDims(0)), update(node.getDims(1));
  std::optional<int64_t> length = constantDim(cache[axis]),
                         count = update.size() == cache.size() ? constantDim(update[axis]) : std::nullopt;
  if (axis < 1 || !length || !count || *count > *length || *count < 1) {
    node.error() << "expects a cache and an update of known lengths, the update's at most the cache's";
    return;
  }
  Type type = node.getBuilder().getI64Type();
  auto number = [&](int64_t value) { return node.createScalar(type, static_cast<double>(value)); };
  // The element of the update that each position takes: [batch, length].
  Value position =
      node.reshape(node.create<IndexOp>(node.getOperand(0), node.integer(axis)), {node.extent(1), cache[axis]});
  Value sample = node.reshape(node.create<IndexOp>(node.getOperand(0), node.integer(0)), {cache[0], node.extent(1)});
  // Without indices all samples are written from the first position on.
  Value start = node.multiply(sample, number(0));
  if (node.hasOperand(2) && !node.hasFailed())
    start = node.reshape(node.cast(node.getOperand(2), type), {cache[0], node.extent(1)});
  position = node.subtract(position, start);
  if (mode == "circular")
    position = node.create<ModOp>(position, number(*length), node.flag(false));
  Value isWritten = node.create<AndOp>(node.create<GreaterOrEqualOp>(position, number(0)),
                                       node.create<LessOp>(position, number(*count)));
  Value safe = node.create<MinOp>(node.create<MaxOp>(position, number(0)), number(*count - 1));
  Value row = node.add(safe, node.multiply(sample, number(*count)));
  // Samples and their elements of the update as one dimension, whose slices are gathered.
  SmallVector<int64_t> forth{0, axis}, back(rank);
  for (int64_t dim = 1; dim < rank; ++dim)
    if (dim != axis)
      forth.push_back(dim);
  for (auto [to, from] : llvm::enumerate(forth))
    back[from] = to;
  Dims rows{cache[0] * update[axis]}, flags(rank, node.extent(1));
  for (int64_t dim : ArrayRef<int64_t>(forth).drop_front(2))
    rows.push_back(cache[dim]);
  flags[0] = cache[0];
  flags[axis] = cache[axis];
  Value gathered =
      node.create<GatherOp>(node.reshape(transpose(node, node.getOperand(1), forth), rows), row, node.integer(0));
  if (node.hasFailed())
    return;
  node.setResult(
      0, node.create<WhereOp>(node.reshape(isWritten, flags), transpose(node, gathered, back), node.getOperand(0)));
}

} // namespace

void registerAttention(OpRegistry &registry) {
  registry.add("Attention", 23, importAttention);
  registry.add("TensorScatter", 24, importTensorScatter);
}

} // namespace dlc::onnx_import
