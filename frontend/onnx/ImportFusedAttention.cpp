// SPDX-License-Identifier: Apache-2.0
// Attention of com.microsoft, as ONNX Runtime's optimizer writes it: projections, heads and caches of keys and values
// are part of the op.
#include "frontend/onnx/FusedAttention.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsAttention.h"
#include "ir/OpsLinear.h"
#include "ir/OpsMovement.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Attention of operands that hold all keys; `isCausal`: queries are at the end of them.
Value attend(NodeImporter &node, Value query, Value key, Value value, Value mask, bool isCausal) {
  if (node.hasFailed())
    return {};
  IntegerAttr none;
  return node.create<AttentionOp>(query, key, value, mask, Value(), node.real(getAttentionScale(node, query)),
                                  node.real(0), none, isCausal ? node.integer(0) : none, node.integer(0),
                                  node.flag(isCausal));
}

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
    return exchangeHeads(node, splitHeads(node, node.sliceAlong(projected, 2, start, size), heads));
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
    key = appendPositions(node, past(0), key);
    value = appendPositions(node, past(1), value);
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
  query = exchangeHeads(node, query);
  if (!isCrossCache) {
    key = exchangeHeads(node, key);
    value = exchangeHeads(node, value);
  }
  if (node.hasOperand(6) != node.hasOperand(7) && !node.hasFailed())
    node.error() << "expects past_key and past_value together";
  if (node.hasOperand(6)) {
    key = appendPositions(node, node.getOperand(6), key);
    value = appendPositions(node, node.getOperand(7), value);
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

} // namespace

void registerFusedAttention(OpRegistry &registry) {
  registry.add("com.microsoft.Attention", 1, importAttention);
  registry.add("com.microsoft.MultiHeadAttention", 1, importMultiHeadAttention);
}

} // namespace dlc::onnx_import
