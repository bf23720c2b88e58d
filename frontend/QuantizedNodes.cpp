// SPDX-License-Identifier: Apache-2.0
#include "frontend/QuantizedNodes.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConversion.h"
#include "ir/OpsQuantization.h"
#include "ir/OpsShape.h"
#include "ir/TensorDescription.h"

using namespace mlir;

namespace dlc {

Value QuantizedNode::cast(Value x, Type type) {
  return !x || elementOf(x) == type ? x : make<CastOp>({x}, {named("to", TypeAttr::get(type))});
}

Value QuantizedNode::add(Value lhs, Value rhs) { return make<AddOp>({lhs, rhs}); }
Value QuantizedNode::subtract(Value lhs, Value rhs) { return make<SubOp>({lhs, rhs}); }
Value QuantizedNode::multiply(Value lhs, Value rhs) { return make<MulOp>({lhs, rhs}); }
Value QuantizedNode::divide(Value lhs, Value rhs) { return make<DivOp>({lhs, rhs}); }

Value QuantizedNode::reshape(Value x, ArrayRef<int64_t> shape) {
  return !x || typeOf(x).getShape() == shape ? x : make<ReshapeOp>({x}, {named("shape", shape)});
}

/// Whether `zeroPoint` (null: none) is of elements of `type`.
static bool fits(QuantizedNode &node, Value zeroPoint, Type type) {
  if (!zeroPoint || QuantizedNode::elementOf(zeroPoint) == type)
    return true;
  node.fail("has a zero point of " + describeType(QuantizedNode::elementOf(zeroPoint)) + " for elements of " +
            describeType(type));
  return false;
}

Value QuantizedNode::quantize(Value x, Value scale, Value zeroPoint, Type to, bool saturate) {
  if (!isQuantized(to))
    return fail("does not quantize to " + describeType(to));
  if (!fits(*this, zeroPoint, to))
    return {};
  SmallVector<Value> operands{x, scale};
  if (zeroPoint)
    operands.push_back(zeroPoint);
  return make<QuantizeOp>(operands, {named("to", TypeAttr::get(to)), named("saturate", saturate)});
}

Value QuantizedNode::dequantize(Value x, Value scale, Value zeroPoint) {
  if (!x || !scale)
    return {};
  if (!isQuantized(elementOf(x)) && !elementOf(x).isSignlessInteger(32))
    return fail("does not dequantize " + describeType(elementOf(x)));
  if (!fits(*this, zeroPoint, elementOf(x)))
    return {};
  return zeroPoint ? make<DequantizeOp>({x, scale, zeroPoint}) : make<DequantizeOp>({x, scale});
}

Value QuantizedNode::center(Value x, Value zeroPoint) {
  if (!x || !zeroPoint)
    return x;
  return fits(*this, zeroPoint, elementOf(x)) ? make<CenterOp>({x, zeroPoint}) : Value();
}

Value QuantizedNode::perAxis(Value x, int64_t after) {
  if (!x)
    return x;
  RankedTensorType type = typeOf(x);
  if (type.hasStaticShape() && type.getNumElements() == 1)
    return reshape(x, {});
  if (type.getRank() != 1)
    return fail("expects scales and zero points of rank 0 or 1");
  SmallVector<int64_t> shape(after + 1, 1);
  shape[0] = type.isDynamicDim(0) ? -1 : type.getDimSize(0);
  return reshape(x, shape);
}

ArrayRef<QuantizedNodeKind> getQuantizedNodeKinds() {
  static const std::vector<QuantizedNodeKind> kinds = [] {
    std::vector<QuantizedNodeKind> result;
    addQuantizationNodes(result);
    addIntegerProductNodes(result);
    addQuantizedAttentionNodes(result);
    addQuantizedLayerNodes(result);
    addQuantizedProductNodes(result);
    return result;
  }();
  return kinds;
}

} // namespace dlc
