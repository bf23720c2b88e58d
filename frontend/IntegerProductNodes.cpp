// SPDX-License-Identifier: Apache-2.0
// Products of quantized tensors that are summed in i32.
#include "frontend/IntegerProducts.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"

using namespace mlir;

namespace dlc {

static bool isByte(Value value) { return getElementTypeOrSelf(value.getType()).getIntOrFloatBitWidth() == 8; }

Value perRow(QuantizedNode &node, Value value, Value a) {
  if (!value || !a)
    return value;
  RankedTensorType type = node.typeOf(value);
  bool isSingle = type.hasStaticShape() && type.getNumElements() == 1;
  return isSingle || (type.getRank() == 1 && node.typeOf(a).getRank() == 2) ? node.perAxis(value, 1) : value;
}

Value perColumn(QuantizedNode &node, Value value) {
  bool isSingle = value && node.typeOf(value).hasStaticShape() && node.typeOf(value).getNumElements() == 1;
  return isSingle ? node.perAxis(value, 0) : value;
}

Value multiplyMatrices(QuantizedNode &node, Value a, Value aZero, Value b, Value bZero) {
  if (!a || !b)
    return {};
  if (!isByte(a) || !isByte(b))
    return node.fail("multiplies i8 and u8");
  return node.make<MatMulOp>({node.center(a, perRow(node, aZero, a)), node.center(b, perColumn(node, bZero))},
                             {node.named("transpose_lhs", false), node.named("transpose_rhs", false)});
}

namespace {

Value getZeroPoint(QuantizedNode &node, size_t i, Value x) {
  return node.hasOperand(i) && x ? node.getOperand(i, node.elementOf(x)) : Value();
}

/// The convolution of operands `xIndex` and `wIndex` in i32, of the elements less their zero points.
Value convolve(QuantizedNode &node, size_t xIndex, Value x, Value xZero, size_t wIndex, Value w, Value wZero) {
  if (!x || !w)
    return {};
  if (!isByte(x) || !isByte(w))
    return node.fail("convolves i8 and u8");
  std::optional<ConvolutionWindow> window = node.getConvolution(xIndex, wIndex);
  if (!window)
    return {};
  int64_t rank = node.typeOf(w).getRank();
  Value centredX = node.center(x, xZero ? node.perAxis(xZero, 0) : xZero),
        centredW = node.center(w, wZero ? node.perAxis(wZero, rank - 1) : wZero);
  return node.make<ConvOp>({centredX, centredW},
                           {node.named("strides", window->strides), node.named("dilations", window->dilations),
                            node.named("pads", window->pads), node.named("groups", window->groups)});
}

std::vector<Value> buildMatMulInteger(QuantizedNode &node) {
  Type literal = node.getBuilder().getI8Type();
  Value a = node.getOperand(0, literal), b = node.getOperand(1, literal);
  return {multiplyMatrices(node, a, getZeroPoint(node, 2, a), b, getZeroPoint(node, 3, b))};
}

std::vector<Value> buildConvInteger(QuantizedNode &node) {
  Type literal = node.getBuilder().getI8Type();
  Value x = node.getOperand(0, literal), w = node.getOperand(1, literal);
  return {convolve(node, 0, x, getZeroPoint(node, 2, x), 1, w, getZeroPoint(node, 3, w))};
}

/// `sum`, in i32, times xScale wScale / yScale, rounded to the type of `yZero`.
Value requantize(QuantizedNode &node, Value sum, Value xScale, Value wScale, Value yScale, Value yZero) {
  if (!sum || !xScale || !wScale || !yScale || !yZero)
    return {};
  Type f32 = node.getBuilder().getF32Type();
  Value factor = node.divide(node.multiply(xScale, wScale), yScale);
  Value scaled = node.multiply(node.cast(sum, f32), node.cast(factor, f32));
  return scaled ? node.quantize(scaled, node.createScalar(1, f32), yZero, node.elementOf(yZero)) : Value();
}

std::vector<Value> buildQLinearMatMul(QuantizedNode &node) {
  Type literal = node.getBuilder().getI8Type(), f32 = node.getBuilder().getF32Type();
  Value a = node.getOperand(0, literal), aScale = node.getOperand(1, f32), b = node.getOperand(3, literal),
        bScale = node.getOperand(4, f32), yScale = node.getOperand(6, f32), yZero = node.getOperand(7, literal);
  Value sum = multiplyMatrices(node, a, getZeroPoint(node, 2, a), b, getZeroPoint(node, 5, b));
  if (!sum || !yScale || !yZero)
    return {Value()};
  return {requantize(node, sum, perRow(node, aScale, a), perColumn(node, bScale), perRow(node, yScale, a),
                     perRow(node, yZero, a))};
}

std::vector<Value> buildQLinearConv(QuantizedNode &node) {
  Builder &builder = node.getBuilder();
  Type literal = builder.getI8Type(), f32 = builder.getF32Type();
  Value x = node.getOperand(0, literal), xScale = node.getOperand(1, f32), w = node.getOperand(3, literal),
        wScale = node.getOperand(4, f32), yScale = node.getOperand(6, f32), yZero = node.getOperand(7, literal);
  Value sum = convolve(node, 0, x, getZeroPoint(node, 2, x), 3, w, getZeroPoint(node, 5, w));
  if (!sum || !xScale || !wScale || !yScale || !yZero)
    return {Value()};
  int64_t spatial = node.typeOf(sum).getRank() - 2;
  if (node.hasOperand(8)) {
    Value bias = node.getOperand(8, builder.getI32Type());
    if (!bias || !node.elementOf(bias).isSignlessInteger(32) || node.typeOf(bias).getRank() != 1)
      return {bias ? node.fail("expects a bias of i32, one per channel") : bias};
    sum = node.add(sum, node.perAxis(bias, spatial));
  }
  return {requantize(node, sum, node.perAxis(xScale, 0), node.perAxis(wScale, spatial), node.perAxis(yScale, 0),
                     node.perAxis(yZero, 0))};
}

} // namespace

void addIntegerProductNodes(std::vector<QuantizedNodeKind> &kinds) {
  QuantizedAttribute window{QuantizedAttribute::Kind::Convolution};
  kinds.push_back({"MatMulInteger", 10, 2, 4, 1, {}, buildMatMulInteger});
  kinds.push_back({"ConvInteger", 10, 2, 4, 1, {window}, buildConvInteger});
  kinds.push_back({"QLinearMatMul", 10, 8, 8, 1, {}, buildQLinearMatMul});
  kinds.push_back({"QLinearConv", 10, 8, 9, 1, {window}, buildQLinearConv});
}

} // namespace dlc
