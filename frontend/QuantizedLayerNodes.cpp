// SPDX-License-Identifier: Apache-2.0
// com.microsoft's layers of quantized tensors: each dequantizes its operands, computes, and quantizes the result.
#include "frontend/QuantizedNodes.h"
#include "ir/OpsActivation.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsPooling.h"
#include "ir/OpsReduction.h"

using namespace mlir;

namespace dlc {
namespace {

/// Operand `i` with its scale and zero point, which follow it, as numbers; null after an error.
Value dequantizeOperand(QuantizedNode &node, size_t i) {
  Value x = node.getOperand(i, node.getBuilder().getI8Type()),
        scale = node.getOperand(i + 1, node.getBuilder().getF32Type());
  if (!x || !scale)
    return {};
  Value zeroPoint;
  if (node.hasOperand(i + 2)) {
    zeroPoint = node.getOperand(i + 2, node.elementOf(x));
    if (!zeroPoint)
      return {};
    zeroPoint = node.perAxis(zeroPoint, 0);
  }
  return node.dequantize(x, node.perAxis(scale, 0), zeroPoint);
}

/// `y` with the scale of operand `i` and the zero point after it; without one, of the type of operand `like`.
std::vector<Value> quantizeResult(QuantizedNode &node, Value y, size_t i, size_t like = 0) {
  Value scale = node.getOperand(i, node.getBuilder().getF32Type()),
        first = node.getOperand(like, node.getBuilder().getI8Type());
  if (!y || !scale || !first)
    return {Value()};
  Type to = node.elementOf(first);
  Value zeroPoint = node.hasOperand(i + 1) ? node.getOperand(i + 1, to) : Value();
  if (zeroPoint) {
    to = node.elementOf(zeroPoint);
    zeroPoint = node.perAxis(zeroPoint, 0);
  }
  return {node.quantize(y, node.perAxis(scale, 0), zeroPoint, to)};
}

template <typename OpTy> std::vector<Value> buildBinary(QuantizedNode &node) {
  return quantizeResult(node, node.make<OpTy>({dequantizeOperand(node, 0), dequantizeOperand(node, 3)}), 6);
}

std::vector<Value> buildSigmoid(QuantizedNode &node) {
  return quantizeResult(node, node.make<SigmoidOp>({dequantizeOperand(node, 0)}), 3);
}

std::vector<Value> buildLeakyRelu(QuantizedNode &node) {
  NamedAttribute alpha = node.named("alpha", node.getBuilder().getF64FloatAttr(node.getNumber("alpha")));
  return quantizeResult(node, node.make<LeakyReluOp>({dequantizeOperand(node, 0)}, {alpha}), 3);
}

/// Attribute `axis` of a tensor of rank `rank`, counted from the front; nothing after an error.
std::optional<int64_t> getAxis(QuantizedNode &node, int64_t rank) {
  int64_t axis = node.getInteger("axis");
  if (axis < -rank || axis >= rank) {
    node.fail("has no axis " + Twine(axis) + " in a tensor of rank " + Twine(rank));
    return std::nullopt;
  }
  return axis < 0 ? axis + rank : axis;
}

std::vector<Value> buildSoftmax(QuantizedNode &node) {
  Value x = dequantizeOperand(node, 0);
  std::optional<int64_t> axis = x ? getAxis(node, node.typeOf(x).getRank()) : std::nullopt;
  if (!axis)
    return {Value()};
  // Before opset 13 all dimensions from the axis on were one.
  int64_t rank = node.typeOf(x).getRank(), end = node.getInteger("opset") < 13 ? rank : *axis + 1;
  auto axes = llvm::to_vector(llvm::seq<int64_t>(*axis, end));
  return quantizeResult(node, node.make<SoftmaxOp>({x}, {node.named("axes", axes)}), 3);
}

std::vector<Value> buildConcat(QuantizedNode &node) {
  SmallVector<Value> parts;
  for (size_t i = 2; node.hasOperand(i); i += 3)
    parts.push_back(dequantizeOperand(node, i));
  if (parts.empty() || !parts.front())
    return {parts.empty() ? node.fail("expects at least one tensor with its scale and zero point") : Value()};
  std::optional<int64_t> axis = getAxis(node, node.typeOf(parts.front()).getRank());
  return axis ? quantizeResult(node, node.make<ConcatOp>(parts, {node.named("axis", *axis)}), 0, 2)
              : std::vector<Value>{Value()};
}

std::vector<Value> buildWhere(QuantizedNode &node) {
  Value condition = node.getOperand(0, node.getBuilder().getI1Type());
  return quantizeResult(node, node.make<WhereOp>({condition, dequantizeOperand(node, 1), dequantizeOperand(node, 4)}),
                        7, 1);
}

/// Whether operand 0 is [N, C, spatial...], the only order that is read.
bool hasChannelsFirst(QuantizedNode &node) {
  if (node.getInteger("channels_last") != 0)
    node.fail("takes channels as the second dimension only");
  return node.getInteger("channels_last") == 0;
}

std::vector<Value> buildGlobalAveragePool(QuantizedNode &node) {
  Value x = dequantizeOperand(node, 0);
  if (!x || !hasChannelsFirst(node))
    return {Value()};
  if (node.typeOf(x).getRank() < 3)
    return {node.fail("expects a tensor of rank 3 or more")};
  auto axes = llvm::to_vector(llvm::seq<int64_t>(2, node.typeOf(x).getRank()));
  Value mean =
      node.make<ReduceOp>({x}, {node.named("kind", ReductionKindAttr::get(x.getContext(), ReductionKind::Mean)),
                                node.named("axes", axes), node.named("keep_dims", true)});
  return quantizeResult(node, mean, 3);
}

std::vector<Value> buildAveragePool(QuantizedNode &node) {
  Value x = dequantizeOperand(node, 0);
  std::optional<PoolWindow> window = x && hasChannelsFirst(node) ? node.getPool() : std::nullopt;
  if (!window)
    return {Value()};
  Value mean =
      node.make<AveragePoolOp>({x}, {node.named("kernel", window->kernel), node.named("strides", window->strides),
                                     node.named("dilations", SmallVector<int64_t>(window->kernel.size(), 1)),
                                     node.named("pads", window->pads), node.named("ceil_mode", window->ceilMode),
                                     node.named("count_include_pad", node.getInteger("count_include_pad") != 0)});
  return quantizeResult(node, mean, 3);
}

} // namespace

void addQuantizedLayerNodes(std::vector<QuantizedNodeKind> &kinds) {
  using Kind = QuantizedAttribute::Kind;
  QuantizedAttribute channelsLast{Kind::Flag, "channels_last", "0", "Must be 0: channels are the second dimension"};
  kinds.push_back({"com.microsoft.QLinearAdd", 1, 2, 8, 1, {}, buildBinary<AddOp>});
  kinds.push_back({"com.microsoft.QLinearMul", 1, 2, 8, 1, {}, buildBinary<MulOp>});
  kinds.push_back({"com.microsoft.QLinearSigmoid", 1, 2, 5, 1, {}, buildSigmoid});
  kinds.push_back({"com.microsoft.QLinearLeakyRelu",
                   1,
                   2,
                   5,
                   1,
                   {{Kind::Number, "alpha", "0.01", "Slope below 0"}},
                   buildLeakyRelu});
  kinds.push_back({"com.microsoft.QLinearSoftmax",
                   1,
                   2,
                   5,
                   1,
                   {{Kind::Integer, "axis", "-1", "Dimension that sums to 1"},
                    {Kind::Integer, "opset", "13", "Opset whose Softmax is meant"}},
                   buildSoftmax});
  kinds.push_back({"com.microsoft.QLinearConcat",
                   1,
                   5,
                   SIZE_MAX,
                   1,
                   {{Kind::Integer, "axis", "0", "Dimension along which tensors follow each other"}},
                   buildConcat});
  kinds.push_back({"com.microsoft.QLinearWhere", 1, 3, 9, 1, {}, buildWhere});
  kinds.push_back({"com.microsoft.QLinearGlobalAveragePool", 1, 2, 5, 1, {channelsLast}, buildGlobalAveragePool});
  kinds.push_back(
      {"com.microsoft.QLinearAveragePool",
       1,
       2,
       5,
       1,
       {{Kind::Pool}, {Kind::Flag, "count_include_pad", "0", "Whether padding counts as zeros"}, channelsLast},
       buildAveragePool});
}

} // namespace dlc
