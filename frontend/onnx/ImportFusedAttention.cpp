// SPDX-License-Identifier: Apache-2.0
// Attention of com.microsoft, as ONNX Runtime's optimizer and its model builders write it: projections, heads,
// rotations and caches of keys and values are part of the op.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/IndexArithmetic.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/RotaryEmbedding.h"
#include "ir/OpsAttention.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLinear.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsTransposition.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// [batch, length, heads * size] as [batch, length, heads, size].
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

/// Exchanges dimensions 1 and 2 of four: lengths and heads.
Value exchange(NodeImporter &node, Value x) { return node.create<TransposeOp>(x, node.integers({0, 2, 1, 3})); }

/// [batch, heads, length, size] as [batch, length, heads * size].
Value mergeHeads(NodeImporter &node, Value x) {
  Value merged = exchange(node, x);
  if (node.hasFailed())
    return {};
  Dims dims(node.getDims(merged));
  return node.reshape(merged, {dims[0], dims[1], dims[2] * dims[3]});
}

Value append(NodeImporter &node, Value past, Value next) {
  return node.create<ConcatOp>(ValueRange{past, next}, node.integer(2));
}

double getScale(NodeImporter &node, Value query) {
  double scale = node.getReal("scale", 0);
  if (scale != 0 || node.hasFailed())
    return scale;
  return 1 / std::sqrt(static_cast<double>(constantDim(node.getDims(query)[3]).value_or(1)));
}

//===-- Masks --------------------------------------------------------------===//

/// What is added to the scores where operand `i` hides keys, broadcastable to [batch, heads, queries, keys]; null if
/// it is left out. Hidden keys get a large negative number, not minus infinity: where all are hidden, all
/// count.
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

/// Attention of operands that hold all keys; `isCausal`: queries are at the end of them.
Value attend(NodeImporter &node, Value query, Value key, Value value, Value mask, bool isCausal) {
  if (node.hasFailed())
    return {};
  IntegerAttr none;
  return node.create<AttentionOp>(query, key, value, mask, Value(), node.real(getScale(node, query)), node.real(0),
                                  none, isCausal ? node.integer(0) : none, node.integer(0), node.flag(isCausal));
}

//===-- Attention, MultiHeadAttention --------------------------------------===//

void importAttention(NodeImporter &node) {
  if (!node.expectOperands(2, 6) || !expectElements(node, 0, ElementClass::Real))
    return;
  int64_t heads = node.getInteger("num_heads", 0);
  std::optional<int64_t> columns = node.getRank(1) == 2 ? constantDim(node.getDims(1)[1]) : std::nullopt;
  if (!columns || node.getRank(0) != 3) {
    node.error() << "expects an input of rank 3 and a matrix of weights with a known number of columns";
    return;
  }
  SmallVector<int64_t> sizes = node.getIntegers("qkv_hidden_sizes").value_or(SmallVector<int64_t>(3, *columns / 3));
  if (sizes.size() != 3 || llvm::any_of(sizes, [](int64_t size) { return size < 1; }) ||
      sizes[0] + sizes[1] + sizes[2] != *columns) {
    node.error() << "has weights of " << *columns << " columns, which are not those of queries, keys and values";
    return;
  }
  if (node.getFlag("do_rotary") || node.getFlag("past_present_share_buffer"))
    node.error() << "with do_rotary or past_present_share_buffer is not supported";
  Value projected = node.create<MatMulOp>(node.getOperand(0), node.getOperand(1), false, false);
  if (node.hasOperand(2))
    projected = node.add(projected, node.getOperand(2));
  auto part = [&](int64_t start, int64_t size) {
    return exchange(node, splitHeads(node, node.sliceAlong(projected, 2, start, size), heads));
  };
  Value query = part(0, sizes[0]), key = part(sizes[0], sizes[1]), value = part(sizes[0] + sizes[1], sizes[2]);
  if (node.hasOperand(4) && !node.hasFailed()) {
    if (node.getRank(4) != 5 || constantDim(node.getDims(4)[0]) != 2) {
      node.error() << "expects a past of [2, batch, heads, length, size]";
      return;
    }
    auto past = [&](int64_t i) {
      return node.reshape(node.sliceAlong(node.getOperand(4), 0, i, 1), Dims(node.getDims(4).drop_front()));
    };
    key = append(node, past(0), key);
    value = append(node, past(1), value);
  }
  if (node.hasFailed())
    return;
  Value mask = addMasks(node, createMask(node, 3, query, key), 5);
  node.setResult(0, mergeHeads(node, attend(node, query, key, value, mask, node.getFlag("unidirectional"))));
  if (!node.hasResult(1) || node.hasFailed())
    return;
  Dims dims(node.getDims(key));
  dims.insert(dims.begin(), node.extent(1));
  if (node.getDims(value) != node.getDims(key)) {
    node.error() << "gives keys and values as one tensor, which are of different sizes";
    return;
  }
  node.setResult(
      1, node.create<ConcatOp>(ValueRange{node.reshape(key, dims), node.reshape(value, dims)}, node.integer(0)));
}

/// Tensor `part` of those that operand `i`, [batch, length, heads, parts, size], holds, as [batch, length, heads,
/// size].
Value unpack(NodeImporter &node, int64_t i, int64_t part) {
  Dims dims(node.getDims(i));
  dims.erase(dims.begin() + 3);
  return node.reshape(node.sliceAlong(node.getOperand(i), 3, part, 1), dims);
}

void importMultiHeadAttention(NodeImporter &node) {
  if (!node.expectOperands(1, 10) || !expectElements(node, 0, ElementClass::Real))
    return;
  if (node.hasOperand(8) || node.hasOperand(9)) {
    node.error() << "with past_sequence_length or cache_indirection is not supported";
    return;
  }
  int64_t heads = node.getInteger("num_heads", 0);
  // Each as [batch, length, heads, size], or keys and values as [batch, heads, length, size] already.
  Value query, key, value;
  bool isCrossCache = false;
  if (node.getRank(0) == 5) {
    query = unpack(node, 0, 0);
    key = unpack(node, 0, 1);
    value = unpack(node, 0, 2);
  } else if (node.hasOperand(1) && node.getRank(1) == 5) {
    query = splitHeads(node, node.getOperand(0), heads);
    key = unpack(node, 1, 0);
    value = unpack(node, 1, 1);
  } else if (node.hasOperand(1) && node.hasOperand(2)) {
    isCrossCache = node.getRank(1) == 4;
    query = splitHeads(node, node.getOperand(0), heads);
    key = isCrossCache ? node.getOperand(1) : splitHeads(node, node.getOperand(1), heads);
    value = isCrossCache ? node.getOperand(2) : splitHeads(node, node.getOperand(2), heads);
  } else {
    node.error() << "expects keys and values, or queries that hold all three";
  }
  if (node.hasOperand(3) && !node.hasFailed()) {
    // Biases of queries, keys and values in a row.
    int64_t start = 0;
    for (Value *x : {&query, &key, &value}) {
      std::optional<int64_t> size = constantDim(node.getDims(*x)[isCrossCache && x != &query ? 1 : 2]),
                             each = constantDim(node.getDims(*x)[3]);
      if (!size || !each) {
        node.error() << "adds biases to heads of unknown number or size";
        return;
      }
      Value bias = node.reshape(node.sliceAlong(node.getOperand(3), 0, start, *size * *each),
                                {node.extent(*size), node.extent(*each)});
      start += *size * *each;
      if (!isCrossCache || x == &query)
        *x = node.add(*x, bias);
      if (node.hasFailed())
        return;
    }
  }
  query = exchange(node, query);
  if (!isCrossCache) {
    key = exchange(node, key);
    value = exchange(node, value);
  }
  if (node.hasOperand(6) != node.hasOperand(7) && !node.hasFailed())
    node.error() << "expects past_key and past_value together";
  if (node.hasOperand(6)) {
    key = append(node, node.getOperand(6), key);
    value = append(node, node.getOperand(7), value);
  }
  if (node.hasFailed())
    return;
  Value mask = addMasks(node, createMask(node, 4, query, key), 5);
  node.setResult(0, mergeHeads(node, attend(node, query, key, value, mask, node.getFlag("unidirectional"))));
  if (node.hasResult(1))
    node.setResult(1, key);
  if (node.hasResult(2))
    node.setResult(2, value);
}

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
    x = exchange(node, x);
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
    node.setResult(0, whole.size() == 3 ? node.reshape(turned, whole) : exchange(node, turned));
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
  Value placed = exchange(node, next);
  if (!node.hasOperand(i) || node.hasFailed() || constantDim(node.getDims(i)[2]) == 0)
    return placed;
  Type i64 = node.getBuilder().getI64Type();
  auto number = [&](double value) { return node.createScalar(i64, value); };
  // With room for both, every position takes a new row or what the past has there.
  Value room = append(node, node.getOperand(i), placed);
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
  return node.create<WhereOp>(isPast, room, exchange(node, rows));
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
  query = exchange(node, query);
  bool isCausal = node.getFlag("causal", true);
  int64_t window = node.getInteger("local_window_size", -1);
  IntegerAttr none;
  Value lengths = node.add(at.past, at.size), mask = addMasks(node, Value(), 10);
  if (!node.hasFailed())
    lengths = node.reshape(lengths, {batch});
  Value result =
      node.create<AttentionOp>(query, key, value, mask, lengths, node.real(getScale(node, query)),
                               node.real(node.getReal("softcap", 0)), window > 0 ? node.integer(window - 1) : none,
                               isCausal ? node.integer(0) : none, node.integer(0), node.flag(true));
  node.setResult(0, mergeHeads(node, result));
  if (node.hasResult(1))
    node.setResult(1, key);
  if (node.hasResult(2))
    node.setResult(2, value);
}

} // namespace

void registerFusedAttention(OpRegistry &registry) {
  registry.add("com.microsoft.Attention", 1, importAttention);
  registry.add("com.microsoft.MultiHeadAttention", 1, importMultiHeadAttention);
  registry.add("com.microsoft.RotaryEmbedding", 1, importRotaryEmbedding);
  registry.add("com.microsoft.GroupQueryAttention", 1, importGroupQueryAttention);
}

} // namespace dlc::onnx_import
