// SPDX-License-Identifier: Apache-2.0
// com.microsoft.QAttention: one quantized product for queries, keys and values, then attention of numbers.
#include "frontend/IntegerProducts.h"
#include "ir/OpsAttention.h"
#include "ir/OpsSlicing.h"
#include "ir/OpsTransposition.h"
#include <cmath>

using namespace mlir;

namespace dlc {
namespace {

/// Part `number` of three of the last dimension of [B, S, 3 H D], as [B, H, S, D].
Value takeHeads(QuantizedNode &node, Value all, int64_t number, int64_t heads, int64_t size) {
  if (!all)
    return {};
  Value part = node.make<SliceOp>({all}, {node.named("starts", {0, 0, number * heads * size}),
                                          node.named("sizes", {-1, -1, heads * size}), node.named("steps", {1, 1, 1})});
  return node.make<TransposeOp>({node.reshape(part, {-2, -3, heads, size})}, {node.named("permutation", {0, 2, 1, 3})});
}

std::vector<Value> buildAttention(QuantizedNode &node) {
  Builder &builder = node.getBuilder();
  Type literal = builder.getI8Type(), f32 = builder.getF32Type(), i32 = builder.getI32Type();
  Value x = node.getOperand(0, literal), w = node.getOperand(1, literal), bias = node.getOperand(2, f32),
        xScale = node.getOperand(3, f32), wScale = node.getOperand(4, f32);
  auto zeroPointOf = [&](size_t i, Value of) {
    return node.hasOperand(i) && of ? node.getOperand(i, node.elementOf(of)) : Value();
  };
  Value sum = multiplyMatrices(node, x, zeroPointOf(6, x), w, zeroPointOf(7, w));
  if (!sum || !bias || !xScale || !wScale)
    return {Value()};
  int64_t heads = node.getInteger("num_heads"), width = node.typeOf(w).getShape().back();
  if (node.typeOf(x).getRank() != 3 || heads < 1 || width % (3 * heads) != 0)
    return {
        node.fail("expects [batch, length, features] and a matrix of three times 'num_heads' times a size columns")};
  if (node.hasOperand(8) || node.getInteger("do_rotary") != 0)
    return {node.fail("takes neither past keys and values nor rotary positions")};
  int64_t size = width / (3 * heads);
  Value scale = node.multiply(node.perAxis(xScale, 0), perColumn(node, wScale));
  Value all = node.add(node.multiply(node.cast(sum, f32), scale), bias);
  SmallVector<Value> operands;
  for (int64_t number = 0; number < 3; ++number)
    operands.push_back(takeHeads(node, all, number, heads, size));
  SmallVector<int32_t> segments{1, 1, 1, 0, 0};
  if (node.hasOperand(5)) {
    Value mask = node.getOperand(5, i32);
    // One length per sample, or 0 and 1 for each of its keys.
    int64_t rank = mask ? node.typeOf(mask).getRank() : 1;
    if (rank > 2)
      return {node.fail("takes lengths, or a mask of keys")};
    operands.push_back(rank == 1 ? mask : node.reshape(node.cast(mask, builder.getI1Type()), {-2, 1, 1, -3}));
    segments[rank == 1 ? 4 : 3] = 1;
  }
  SmallVector<NamedAttribute> attributes{
      node.named("operandSegmentSizes", builder.getDenseI32ArrayAttr(segments)),
      node.named("scale", builder.getF64FloatAttr(1 / std::sqrt(static_cast<double>(size))))};
  if (node.getInteger("unidirectional") != 0)
    attributes.push_back(node.named("right", int64_t{0}));
  Value merged =
      node.make<TransposeOp>({node.make<AttentionOp>(operands, attributes)}, {node.named("permutation", {0, 2, 1, 3})});
  return {node.reshape(merged, {-2, -3, heads * size})};
}

} // namespace

void addQuantizedAttentionNodes(std::vector<QuantizedNodeKind> &kinds) {
  using Kind = QuantizedAttribute::Kind;
  kinds.push_back({"com.microsoft.QAttention",
                   1,
                   5,
                   9,
                   1,
                   {{Kind::Integer, "num_heads", "1", "Heads"},
                    {Kind::Flag, "unidirectional", "0", "Whether a position attends to those up to itself only"},
                    {Kind::Flag, "do_rotary", "0", "Must be 0"}},
                   buildAttention});
}

} // namespace dlc
