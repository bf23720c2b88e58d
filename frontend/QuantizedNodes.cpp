// SPDX-License-Identifier: Apache-2.0
#include "frontend/QuantizedNodes.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsQuantization.h"
#include "ir/OpsShape.h"

using namespace mlir;

namespace dlc {

Value QuantizedNode::cast(Value x, Type type) {
  return !x || elementOf(x) == type ? x : make<CastOp>({x}, {named("to", TypeAttr::get(type))});
}

Value QuantizedNode::reshape(Value x, ArrayRef<int64_t> shape) {
  return !x || typeOf(x).getShape() == shape ? x : make<ReshapeOp>({x}, {named("shape", shape)});
}

Value QuantizedNode::quantize(Value x, Value scale, Value zeroPoint, Type to, bool saturate) {
  SmallVector<Value> operands{x, scale};
  if (zeroPoint)
    operands.push_back(zeroPoint);
  return make<QuantizeOp>(operands, {named("to", TypeAttr::get(to)), named("saturate", saturate)});
}

Value QuantizedNode::dequantize(Value x, Value scale, Value zeroPoint) {
  return zeroPoint ? make<DequantizeOp>({x, scale, zeroPoint}) : make<DequantizeOp>({x, scale});
}

Value QuantizedNode::center(Value x, Value zeroPoint) { return zeroPoint ? make<CenterOp>({x, zeroPoint}) : x; }

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
