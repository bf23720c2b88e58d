// SPDX-License-Identifier: Apache-2.0
// Attention and rotary positions.
#include "frontend/json/AttentionParts.h"
#include "frontend/json/NodeKinds.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSlicing.h"

using namespace mlir;
using namespace dlc::json;

/// An operand [batch, length, heads * size] per head; what has rank 4 is per head already.
static Value splitOperand(NodeContext &context, size_t i, StringRef key) {
  Value x = context.operand(i);
  if (!x || typeOf(x).getRank() == 4)
    return x;
  int64_t heads = context.attributes.isGiven(key) ? context.attributes.integer(key) : 0;
  RankedTensorType type = typeOf(x);
  if (type.getRank() != 3 || type.isDynamicDim(2) || heads < 1 || type.getDimSize(2) % heads != 0)
    return context.error("expects inputs of rank 4, or of rank 3 with '" + key + "' heads, got " + describeTensor(x));
  return splitHeads(context, x, heads);
}

static NodeResults buildAttention(NodeContext &context) {
  AttentionParts parts;
  parts.query = splitOperand(context, 0, "q_num_heads");
  parts.key = splitOperand(context, 1, "kv_num_heads");
  parts.value = splitOperand(context, 2, "kv_num_heads");
  if (!parts.query || !parts.key || !parts.value)
    return NodeResults(context.outputCount);
  if (context.hasInput(4) != context.hasInput(5)) {
    context.error("expects past_key and past_value together");
    return NodeResults(context.outputCount);
  }
  if (context.hasInput(3))
    parts.mask = context.operand(3);
  if (context.hasInput(4)) {
    if (typeOf(parts.query).getDimSize(2) != typeOf(parts.key).getDimSize(2)) {
      context.error("expects as many new keys as queries after a past, got " + describeTensor(parts.key) + " and " +
                    describeTensor(parts.query));
      return NodeResults(context.outputCount);
    }
    Value keys[] = {context.operand(4), parts.key}, values[] = {context.operand(5), parts.value};
    parts.key = context.create<dlc::ConcatOp>(ValueRange(keys), static_cast<uint64_t>(2));
    parts.value = context.create<dlc::ConcatOp>(ValueRange(values), static_cast<uint64_t>(2));
    parts.isFromEnd = true;
  }
  if (context.hasInput(6)) {
    parts.lengths = context.operand(6);
    parts.isFromEnd = true;
  }
  if (context.attributes.isGiven("scale"))
    parts.scale = context.attributes.number("scale");
  parts.softcap = context.attributes.number("softcap");
  parts.isCausal = context.flag("is_causal");
  Value result = attend(context, parts);
  if (result && typeOf(context.operand(0)).getRank() == 3)
    result = mergeHeads(context, result);
  NodeResults results{result, parts.key, parts.value};
  results.resize(context.outputCount);
  return results;
}

/// Cosines or sines, [batch, length, half] or one row per position selected by position_ids, for x of rank 4.
static Value getRotation(NodeContext &context, size_t i, bool hasHeadsLast, int64_t half) {
  Value table = context.operand(i);
  if (context.hasInput(3))
    table = context.create<dlc::GatherOp>(table, context.operand(3), static_cast<uint64_t>(0));
  if (!table)
    return {};
  if (typeOf(table).getRank() != 3 || typeOf(table).getDimSize(2) != half)
    return context.error("expects a cache with " + Twine(half) + " numbers per position, got " + describeTensor(table));
  return context.reshape(table, hasHeadsLast ? ArrayRef<int64_t>{-2, -3, 1, half} : ArrayRef<int64_t>{-2, 1, -3, half});
}

static NodeResults buildRotaryEmbedding(NodeContext &context) {
  Value x = context.operand(0);
  if (!x)
    return {Value()};
  RankedTensorType whole = typeOf(x);
  bool hasRankThree = whole.getRank() == 3;
  int64_t heads = context.attributes.integer("num_heads");
  if (hasRankThree && heads > 0 && !whole.isDynamicDim(2) && whole.getDimSize(2) % heads == 0)
    x = context.reshape(x, {-2, -3, heads, whole.getDimSize(2) / heads});
  if (!x || typeOf(x).getRank() != 4 || typeOf(x).isDynamicDim(3))
    return {context.error("expects an input of rank 4 with known head size, or of rank 3 with 'num_heads', got " +
                          describeTensor(context.operand(0)))};
  int64_t size = typeOf(x).getDimSize(3), rotated = context.attributes.integer("rotary_embedding_dim");
  rotated = rotated == 0 ? size : rotated;
  if (rotated % 2 != 0 || rotated > size)
    return {
        context.error("rotates an even number of elements of each head, got " + Twine(rotated) + " of " + Twine(size))};
  int64_t half = rotated / 2;
  bool isInterleaved = context.flag("interleaved");
  auto part = [&](int64_t start, int64_t count, int64_t step) {
    return context.create<dlc::SliceOp>(x, ArrayRef<int64_t>{0, 0, 0, start}, ArrayRef<int64_t>{-1, -1, -1, count},
                                        ArrayRef<int64_t>{1, 1, 1, step});
  };
  Value a = part(0, half, isInterleaved ? 2 : 1), b = part(isInterleaved ? 1 : half, half, isInterleaved ? 2 : 1);
  Value cosine = getRotation(context, 1, hasRankThree, half), sine = getRotation(context, 2, hasRankThree, half);
  Value first = context.subtract(context.multiply(cosine, a), context.multiply(sine, b)),
        second = context.add(context.multiply(sine, a), context.multiply(cosine, b));
  if (!first || !second)
    return {Value()};
  if (isInterleaved) {
    first = context.reshape(first, {-2, -3, -4, half, 1});
    second = context.reshape(second, {-2, -3, -4, half, 1});
  }
  Value pair[] = {first, second};
  Value turned = context.create<dlc::ConcatOp>(ValueRange(pair), static_cast<uint64_t>(isInterleaved ? 4 : 3));
  if (isInterleaved && turned)
    turned = context.reshape(turned, {-2, -3, -4, rotated});
  if (rotated < size) {
    Value rest[] = {turned, part(rotated, size - rotated, 1)};
    turned = context.create<dlc::ConcatOp>(ValueRange(rest), static_cast<uint64_t>(3));
  }
  return {hasRankThree && turned ? context.reshape(turned, {-2, -3, whole.getDimSize(2)}) : turned};
}

void dlc::json::addAttentionNodes(std::vector<NodeKind> &kinds) {
  kinds.push_back(
      {"Attention",
       3,
       7,
       3,
       {optional("q_num_heads", integer(1, INT32_MAX), "", "Heads of queries of rank 3"),
        optional("kv_num_heads", integer(1, INT32_MAX), "", "Heads of keys and values of rank 3"),
        optional("is_causal", flagRule(), "0", "Whether a query attends only to itself and what is before it"),
        optional("scale", number(), "", "Factor of the scores; 1 / sqrt(head size) if missing"),
        optional("softcap", number(0), "0", "Soft cap: scores beyond this are compressed; 0: none")},
       buildAttention});
  kinds.push_back(
      {"RotaryEmbedding",
       3,
       4,
       1,
       {optional("num_heads", integer(0, INT32_MAX), "0", "Heads of an input of rank 3"),
        optional("interleaved", flagRule(), "0", "Whether neighbours are rotated together, or elements i and i + half"),
        optional("rotary_embedding_dim", integer(0, INT32_MAX), "0", "Elements that are rotated; 0: all")},
       buildRotaryEmbedding});
}
