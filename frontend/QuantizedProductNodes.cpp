// SPDX-License-Identifier: Apache-2.0
// com.microsoft's products of quantized matrices with numbers as results, and of numbers with packed weights.
#include "frontend/IntegerProducts.h"
#include "ir/OpsLinear.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSlicing.h"

using namespace mlir;

namespace dlc {
namespace {

Value getZeroPoint(QuantizedNode &node, size_t i, Value x) {
  return node.hasOperand(i) && x ? node.getOperand(i, node.elementOf(x)) : Value();
}

/// `sum`, in i32, times both scales, plus operand `bias` if there is one.
Value scaleSum(QuantizedNode &node, Value sum, Value aScale, Value bScale, size_t bias) {
  if (!sum || !aScale || !bScale)
    return {};
  Type real = node.elementOf(aScale);
  Value result = node.multiply(node.cast(sum, real), node.multiply(aScale, perColumn(node, bScale)));
  return node.hasOperand(bias) ? node.add(result, node.getOperand(bias, real)) : result;
}

std::vector<Value> buildMatMulIntegerToFloat(QuantizedNode &node) {
  Type literal = node.getBuilder().getI8Type(), f32 = node.getBuilder().getF32Type();
  Value a = node.getOperand(0, literal), b = node.getOperand(1, literal);
  Value sum = multiplyMatrices(node, a, getZeroPoint(node, 4, a), b, getZeroPoint(node, 5, b));
  return {scaleSum(node, sum, perRow(node, node.getOperand(2, f32), a), node.getOperand(3, f32), 6)};
}

std::vector<Value> buildDynamicQuantizeMatMul(QuantizedNode &node) {
  Type literal = node.getBuilder().getI8Type(), f32 = node.getBuilder().getF32Type();
  DynamicallyQuantized a = quantizeDynamically(node, node.getOperand(0, f32));
  Value b = node.getOperand(1, literal);
  Value sum = multiplyMatrices(node, a.elements, a.zeroPoint, b, getZeroPoint(node, 3, b));
  return {scaleSum(node, sum, a.scale, node.getOperand(2, f32), 4)};
}

std::vector<Value> buildGemm(QuantizedNode &node) {
  Builder &builder = node.getBuilder();
  Type literal = builder.getI8Type(), f32 = builder.getF32Type();
  Value a = node.getOperand(0, literal), aScale = node.getOperand(1, f32), b = node.getOperand(3, literal),
        bScale = node.getOperand(4, f32);
  Value aZero = getZeroPoint(node, 2, a), bZero = getZeroPoint(node, 5, b);
  if (!a || !b || !aScale || !bScale)
    return {Value()};
  if (node.typeOf(a).getRank() != 2 || node.typeOf(b).getRank() != 2)
    return {node.fail("multiplies matrices")};
  bool isTransposed = node.getInteger("transB") != 0;
  Value centredB = node.center(b, bZero && isTransposed ? node.perAxis(bZero, 1)
                                  : bZero               ? node.perAxis(bZero, 0)
                                                        : bZero);
  Value sum = node.make<MatMulOp>(
      {node.center(a, aZero ? node.perAxis(aZero, 0) : aZero), centredB},
      {node.named("transpose_lhs", node.getInteger("transA") != 0), node.named("transpose_rhs", isTransposed)});
  if (node.hasOperand(6))
    sum = node.add(sum, node.getOperand(6, builder.getI32Type()));
  Value factor = node.multiply(node.perAxis(aScale, 0), node.perAxis(bScale, 0));
  if (double alpha = node.getNumber("alpha"); alpha != 1)
    factor = node.multiply(factor, node.createScalar(alpha, f32));
  if (!node.hasOperand(7))
    return {node.multiply(node.cast(sum, f32), factor)};
  Value yScale = node.getOperand(7, f32), yZero = node.hasOperand(8) ? node.getOperand(8, literal) : Value();
  if (!yScale)
    return {Value()};
  factor = node.divide(factor, node.perAxis(yScale, 0));
  Value scaled = node.multiply(node.cast(sum, f32), factor);
  return {node.quantize(scaled, node.createScalar(1, f32), yZero ? node.perAxis(yZero, 0) : yZero,
                        yZero ? node.elementOf(yZero) : node.elementOf(a))};
}

/// Elements of `bits` bits that are packed into the bytes of the last dimension of `packed`, the first in the low bits,
/// as u8: [..., n] becomes [..., n * 8 / bits].
Value unpack(QuantizedNode &node, Value packed, int64_t bits) {
  if (!packed || bits == 8)
    return packed;
  Type u8 = node.elementOf(packed);
  ArrayRef<int64_t> shape = node.typeOf(packed).getShape();
  SmallVector<int64_t> single(shape), merged(shape);
  single.push_back(1);
  merged.back() *= 8 / bits;
  SmallVector<Value> parts;
  for (int64_t shift = 0; shift < 8; shift += bits) {
    Value part = packed;
    if (shift)
      part =
          node.make<BitShiftOp>({part, node.createScalar(static_cast<double>(shift), u8)}, {node.named("left", false)});
    part = node.make<BitwiseAndOp>({part, node.createScalar(static_cast<double>((1 << bits) - 1), u8)});
    parts.push_back(node.reshape(part, single));
  }
  Value joined = node.make<ConcatOp>(parts, {node.named("axis", static_cast<int64_t>(shape.size()))});
  return node.reshape(joined, merged);
}

/// The first `size` of the last dimension of `x`.
Value takeFirst(QuantizedNode &node, Value x, int64_t size) {
  if (!x || node.typeOf(x).getShape().back() == size)
    return x;
  int64_t rank = node.typeOf(x).getRank();
  SmallVector<int64_t> sizes(rank, -1);
  sizes.back() = size;
  return node.make<SliceOp>({x}, {node.named("starts", SmallVector<int64_t>(rank, 0)), node.named("sizes", sizes),
                                  node.named("steps", SmallVector<int64_t>(rank, 1))});
}

std::vector<Value> buildMatMulNBits(QuantizedNode &node) {
  Builder &builder = node.getBuilder();
  int64_t depth = node.getInteger("K"), columns = node.getInteger("N"), bits = node.getInteger("bits"),
          blockSize = node.getInteger("block_size");
  Type u8 = builder.getIntegerType(8, /*isSigned=*/false);
  Value a = node.getOperand(0, builder.getF32Type()), packed = node.getOperand(1, u8);
  Value scales = node.getOperand(2, builder.getF32Type());
  if (!a || !packed || !scales)
    return {Value()};
  if (!llvm::is_contained({2, 4, 8}, bits) || depth < 1 || columns < 1 || blockSize < 1 || blockSize * bits % 8 != 0)
    return {node.fail("takes elements of 2, 4 or 8 bits in whole bytes, and positive 'K', 'N' and 'block_size'")};
  if (node.hasOperand(4))
    return {node.fail("does not take an order of groups (g_idx)")};
  int64_t blocks = (depth + blockSize - 1) / blockSize, blockBytes = blockSize * bits / 8;
  RankedTensorType packedType = node.typeOf(packed);
  if (node.elementOf(packed) != u8 || !packedType.hasStaticShape() ||
      packedType.getNumElements() != columns * blocks * blockBytes || !node.typeOf(scales).hasStaticShape() ||
      node.typeOf(scales).getNumElements() != columns * blocks)
    return {node.fail("has a matrix or scales of another size than 'N', 'K', 'bits' and 'block_size' say")};
  Value elements = unpack(node, node.reshape(packed, {columns, blocks, blockBytes}), bits), zeroPoint;
  Type real = node.elementOf(scales);
  if (node.hasOperand(3)) {
    zeroPoint = node.getOperand(3, u8);
    if (!zeroPoint)
      return {Value()};
    if (node.elementOf(zeroPoint) == u8) {
      int64_t rowBytes = (blocks * bits + 7) / 8;
      zeroPoint = takeFirst(node, unpack(node, node.reshape(zeroPoint, {columns, rowBytes}), bits), blocks);
    }
    zeroPoint = node.reshape(zeroPoint, {columns, blocks, 1});
  } else {
    zeroPoint = node.createScalar(std::ldexp(1, static_cast<int>(bits) - 1), u8);
  }
  Value scale = node.reshape(scales, {columns, blocks, 1}), weights;
  if (zeroPoint && node.elementOf(zeroPoint) == u8)
    weights = node.dequantize(elements, scale, zeroPoint);
  else
    weights = node.multiply(node.subtract(node.cast(elements, real), zeroPoint), scale);
  weights = takeFirst(node, node.reshape(weights, {columns, blocks * blockSize}), depth);
  Value result = node.make<MatMulOp>({a, node.cast(weights, node.elementOf(a))},
                                     {node.named("transpose_lhs", false), node.named("transpose_rhs", true)});
  return {node.hasOperand(5) ? node.add(result, node.getOperand(5, real)) : result};
}

} // namespace

void addQuantizedProductNodes(std::vector<QuantizedNodeKind> &kinds) {
  using Kind = QuantizedAttribute::Kind;
  kinds.push_back({"com.microsoft.MatMulIntegerToFloat", 1, 4, 7, 1, {}, buildMatMulIntegerToFloat});
  kinds.push_back({"com.microsoft.DynamicQuantizeMatMul", 1, 3, 5, 1, {}, buildDynamicQuantizeMatMul});
  kinds.push_back({"com.microsoft.QGemm",
                   1,
                   6,
                   9,
                   1,
                   {{Kind::Number, "alpha", "1", "Factor of the product"},
                    {Kind::Flag, "transA", "0", "Whether the first matrix is transposed"},
                    {Kind::Flag, "transB", "0", "Whether the second matrix is transposed"}},
                   buildGemm});
  kinds.push_back({"com.microsoft.MatMulNBits",
                   1,
                   3,
                   6,
                   1,
                   {{Kind::Integer, "K", "0", "Rows of the matrix"},
                    {Kind::Integer, "N", "0", "Columns of the matrix"},
                    {Kind::Integer, "bits", "4", "Bits of an element"},
                    {Kind::Integer, "block_size", "0", "Elements of a column that share a scale"},
                    {Kind::Integer, "accuracy_level", "0",
                     "How the product may be computed; it is in the type of the first operand"},
                    {Kind::Integer, "weight_prepacked", "0", "Must be 0"}},
                   buildMatMulNBits});
}

} // namespace dlc
