// SPDX-License-Identifier: Apache-2.0
// Rotations and attention of com.microsoft, as ONNX Runtime's model builders write language models: each sample has a
// cache of keys and values of its own length.
#include "frontend/onnx/FusedAttention.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/IndexArithmetic.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/RotaryEmbedding.h"
#include "ir/OpsAttention.h"
#include "ir/OpsComparison.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLogic.h"
#include "ir/OpsNormalization.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

//===-- RotaryEmbedding ----------------------------------------------------===//

/// `x`, [batch, length, heads, size], rotated by the rows of the tables of operands `cosine` and `cosine + 1` that
/// `positions` chooses: [batch, length], or one of them 1.
Value rotate(NodeImporter &node, Value x, Value positions, int64_t cosine, bool isInterleaved) {
  if (node.hasFailed())
    return {};
  std::optional<int64_t> size = constantDim(node.getDims(x)[3]),
                         half = node.getRank(cosine) == 2 ? constantDim(node.getDims(cosine)[1]) : std::nullopt;
  if (!size || !half || *half < 1 || 2 * *half > *size) {
    node.error() << "expects tables of rank 2 with a number for at most every second element of a head of known size";
    return {};
  }
  auto getRows = [&](int64_t table) {
    Value rows = node.create<GatherOp>(node.getOperand(table), positions, node.integer(0));
    if (node.hasFailed())
      return Value();
    Dims dims(node.getDims(rows));
    return node.reshape(rows, {dims[0], dims[1], node.extent(1), dims[2]});
  };
  return rotateHeads(node, x, getRows(cosine), getRows(cosine + 1), 2 * *half, isInterleaved);
}

void importRotaryEmbedding(NodeImporter &node) {
  if (!node.expectOperands(4, 4) || !expectElements(node, 0, ElementClass::Real))
    return;
  if (node.getFlag("is_packed_batching"))
    node.error() << "of packed batches is not supported";
  Dims whole(node.getDims(0));
  Value x = node.getOperand(0);
  if (whole.size() == 3) {
    int64_t heads = node.getInteger("num_heads", 0);
    std::optional<int64_t> hidden = constantDim(whole[2]),
                           half = node.getRank(2) == 2 ? constantDim(node.getDims(2)[1]) : std::nullopt;
    // Without a number of heads, all elements of a head are rotated.
    if (heads == 0 && hidden && half && *half > 0)
      heads = *hidden / (2 * *half);
    x = splitHeads(node, x, heads);
  } else if (whole.size() == 4) {
    x = exchangeHeads(node, x);
  } else {
    node.error() << "expects rank 3 or 4, got rank " << whole.size();
  }
  Value positions = node.getOperand(1);
  if (node.getRank(1) == 1 && !node.hasFailed()) {
    // The position of the first element of every sample.
    Value first = node.reshape(node.cast(positions, node.getBuilder().getI64Type()), {node.extent(1), node.extent(1)});
    positions = node.add(numberAlong(node, x, 1, 1, 2), first);
  }
  Value turned = rotate(node, x, positions, 2, node.getFlag("interleaved"));
  if (!node.hasFailed())
    node.setResult(0, whole.size() == 3 ? node.reshape(turned, whole) : exchangeHeads(node, turned));
}

//===-- GroupQueryAttention ------------------------------------------------===//

/// Positions of a sample's new tokens and what it has before them.
struct SamplePositions {
  Value past; ///< i64, [batch, 1]: the positions of the cache that count
  Value size; ///< i64, a scalar: new positions per sample
};

/// The past of operand `i` with `next` behind what each sample has, [batch, groups, positions, size], whose positions
/// behind that hold copies. `next` is [batch, length, groups, size].
Value extendCache(NodeImporter &node, int64_t i, Value next, const SamplePositions &at) {
  Value exchanged = exchangeHeads(node, next);
  if (!node.hasOperand(i) || node.hasFailed() || constantDim(node.getDims(i)[2]) == 0)
    return exchanged;
  Type i64 = node.getBuilder().getI64Type();
  auto number = [&](double value) { return node.createScalar(i64, value); };
  // With room for both, every position takes a new row or what the past has there.
  Value room = appendPositions(node, node.getOperand(i), exchanged);
  if (node.hasFailed())
    return {};
  Value position = numberAlong(node, room, 2, 1, 2), sample = numberAlong(node, next, 0, 0, 2);
  Value index = node.subtract(position, at.past), last = node.subtract(at.size, number(1));
  index = node.create<MaxOp>(node.create<MinOp>(index, last), number(0));
  index = node.add(index, node.multiply(sample, at.size));
  Value rows = node.create<GatherOp>(mergeLeadingDims(node, next, 2), index, node.integer(0));
  Value isPast = node.create<LessOp>(position, at.past);
  if (node.hasFailed())
    return {};
  Dims dims(node.getDims(isPast));
  isPast = node.reshape(isPast, {dims[0], node.extent(1), dims[1], node.extent(1)});
  return node.create<WhereOp>(isPast, room, exchangeHeads(node, rows));
}

/// Each head of `x` divided by its root mean square, times operand `i`.
Value normalizeHeads(NodeImporter &node, Value x, int64_t i, StringRef epsilon) {
  if (!node.hasOperand(i) || node.hasFailed())
    return x;
  double value = node.getReal(epsilon, node.getReal("qk_norm_epsilon", 1e-6));
  return node.create<LayerNormOp>(x, node.getOperand(i), Value(), node.integer(3), node.real(value), node.flag(true));
}

/// Reports what the op may ask for and dlc does not have.
void checkGroupQueryAttention(NodeImporter &node) {
  for (StringRef name : {"smooth_softmax", "qk_output", "sliding_window_cache", "kv_cache_bit_width"})
    if (!node.hasFailed() && node.getInteger(name, 0) > 0)
      node.error() << "with '" << name << "' is not supported";
  for (StringRef name : {"k_quant_type", "v_quant_type"})
    if (!node.hasFailed() && node.getString(name, "NONE") != "NONE")
      node.error() << "with a quantized cache ('" << name << "') is not supported";
  for (int64_t i : {11, 12, 13, 16})
    if (!node.hasFailed() && node.hasOperand(i))
      node.error() << "with operand " << i << " is not supported";
}

void importGroupQueryAttention(NodeImporter &node) {
  if (!node.expectOperands(1, 17) || !expectElements(node, 0, ElementClass::Real))
    return;
  checkGroupQueryAttention(node);
  if (!node.hasOperand(5) && !node.hasFailed())
    node.error() << "lacks operand 5, the lengths of keys";
  int64_t heads = node.getInteger("num_heads", 0), groups = node.getInteger("kv_num_heads", 0);
  Value query = node.getOperand(0), key, value;
  if (node.hasOperand(1) && node.hasOperand(2)) {
    key = node.getOperand(1);
    value = node.getOperand(2);
  } else if (!node.hasFailed()) {
    std::optional<int64_t> hidden = node.getRank(0) == 3 ? constantDim(node.getDims(0)[2]) : std::nullopt;
    int64_t all = heads + 2 * groups;
    if (!hidden || heads < 1 || groups < 1 || *hidden % all != 0) {
      node.error() << "expects a known last extent that holds " << heads << " heads of queries and " << groups
                   << " of keys and values";
      return;
    }
    int64_t size = *hidden / all;
    key = node.sliceAlong(query, 2, heads * size, groups * size);
    value = node.sliceAlong(query, 2, (heads + groups) * size, groups * size);
    query = node.sliceAlong(query, 2, 0, heads * size);
  }
  query = normalizeHeads(node, splitHeads(node, query, heads), 14, "q_norm_epsilon");
  key = normalizeHeads(node, splitHeads(node, key, groups), 15, "k_norm_epsilon");
  value = splitHeads(node, value, groups);
  if (node.hasFailed())
    return;

  // Operand 5 holds the last position of each sample. Where all of it is new, what follows its end is padding.
  Type i64 = node.getBuilder().getI64Type();
  AffineExpr batch = node.getDims(0)[0], one = node.extent(1);
  SamplePositions at;
  at.size = node.create<ExtentOp>(key, node.integers({1}), TypeAttr::get(i64));
  Value total = node.add(node.reshape(node.cast(node.getOperand(5), i64), {batch, one}), node.createScalar(i64, 1));
  at.past = node.create<MaxOp>(node.subtract(total, at.size), node.createScalar(i64, 0));
  if (node.getFlag("do_rotary")) {
    Value positions = node.hasOperand(9) ? node.getOperand(9) : Value();
    if (!positions && !node.hasFailed())
      positions = node.add(numberAlong(node, key, 1, 1, 2), at.past);
    bool isInterleaved = node.getFlag("rotary_interleaved");
    query = rotate(node, query, positions, 7, isInterleaved);
    key = rotate(node, key, positions, 7, isInterleaved);
  }
  key = extendCache(node, 3, key, at);
  value = extendCache(node, 4, value, at);
  query = exchangeHeads(node, query);
  bool isCausal = node.getFlag("causal", true);
  int64_t window = node.getInteger("local_window_size", -1);
  IntegerAttr none;
  Value lengths = node.add(at.past, at.size), mask = addMasks(node, Value(), 10);
  if (!node.hasFailed())
    lengths = node.reshape(lengths, {batch});
  Value result =
      node.create<AttentionOp>(query, key, value, mask, lengths, node.real(getAttentionScale(node, query)),
                               node.real(node.getReal("softcap", 0)), window > 0 ? node.integer(window - 1) : none,
                               isCausal ? node.integer(0) : none, node.integer(0), node.flag(true));
  node.setResult(0, mergeHeads(node, result));
  if (node.hasResult(1))
    node.setResult(1, key);
  if (node.hasResult(2))
    node.setResult(2, value);
}

} // namespace

void registerGroupQueryAttention(OpRegistry &registry) {
  registry.add("com.microsoft.RotaryEmbedding", 1, importRotaryEmbedding);
  registry.add("com.microsoft.GroupQueryAttention", 1, importGroupQueryAttention);
}

} // namespace dlc::onnx_import
