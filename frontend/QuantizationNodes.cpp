// SPDX-License-Identifier: Apache-2.0
// QuantizeLinear and its relatives: from numbers to quantized elements and back.
#include "frontend/QuantizedNodes.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsLogic.h"
#include "ir/OpsReduction.h"
#include "ir/OpsShape.h"
#include "ir/OpsSlicing.h"

using namespace mlir;

namespace dlc {
namespace {

/// A tensor with its scale and zero point in shapes that broadcast to it. Blocks are a dimension of their own, which
/// `shape` undoes.
struct Scaled {
  Value x, scale, zeroPoint;
  SmallVector<int64_t> shape;

  /// `result` of the tensor in the node's shape.
  Value restore(QuantizedNode &node, Value result) const {
    return shape.empty() ? result : node.reshape(result, shape);
  }
};

bool isReal(Type type) { return llvm::isa<FloatType>(type) && type.getIntOrFloatBitWidth() >= 16; }

/// Scales of blocks: `[..., blocks, ...]` for a tensor `[..., extent, ...]`. Nothing after an error.
std::optional<Scaled> scaleBlocks(QuantizedNode &node, Scaled scaled, int64_t axis, int64_t blockSize) {
  RankedTensorType type = node.typeOf(scaled.x), scaleType = node.typeOf(scaled.scale);
  int64_t extent = type.getDimSize(axis), blocks = scaleType.getDimSize(axis);
  if (ShapedType::isDynamic(extent) || ShapedType::isDynamic(blocks)) {
    node.fail("needs static extents along the axis of its blocks");
    return std::nullopt;
  }
  bool isCovered = blockSize * blocks >= extent && blockSize * (blocks - 1) < std::max<int64_t>(extent, 1);
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    isCovered &= dim == axis || scaleType.getDimSize(dim) == type.getDimSize(dim);
  if (!isCovered) {
    node.fail("has scales that do not fit its blocks of " + Twine(blockSize));
    return std::nullopt;
  }
  if (blocks == 1 || blockSize == 1)
    return scaled;
  // The extents around the axis stay; `parts` replace it.
  auto replaceAxis = [&](ArrayRef<int64_t> parts) {
    SmallVector<int64_t> shape;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      if (dim == axis)
        shape.append(parts.begin(), parts.end());
      else
        shape.push_back(-2 - dim);
    }
    return shape;
  };
  auto spread = [&](Value value) -> Value {
    if (!value)
      return value;
    Value split = node.reshape(value, replaceAxis({blocks, 1}));
    if (extent == blocks * blockSize)
      return split;
    // The last block is not full: a scale for each element.
    SmallVector<int64_t> repeated = replaceAxis({blocks, blockSize}), starts(type.getRank(), 0),
                         sizes(type.getRank(), -1);
    for (int64_t dim = axis + 2; dim <= type.getRank(); ++dim)
      repeated[dim] = -2 - dim;
    Value merged = node.make<ExpandOp>({split}, {node.named("shape", repeated)});
    SmallVector<int64_t> flat = replaceAxis({blocks * blockSize});
    for (int64_t dim = axis + 1; dim < type.getRank(); ++dim)
      flat[dim] = -3 - dim;
    merged = node.reshape(merged, flat);
    sizes[axis] = extent;
    return node.make<SliceOp>({merged}, {node.named("starts", starts), node.named("sizes", sizes),
                                         node.named("steps", SmallVector<int64_t>(type.getRank(), 1))});
  };
  scaled.scale = spread(scaled.scale);
  scaled.zeroPoint = spread(scaled.zeroPoint);
  if (extent != blocks * blockSize)
    return scaled;
  scaled.x = node.reshape(scaled.x, replaceAxis({blocks, blockSize}));
  scaled.shape = replaceAxis({extent});
  for (int64_t dim = axis + 1; dim < type.getRank(); ++dim)
    scaled.shape[dim] = -3 - dim;
  return scaled;
}

/// Nothing after an error.
std::optional<Scaled> arrangeScale(QuantizedNode &node, Value x, Value scale, Value zeroPoint) {
  Scaled scaled{x, scale, zeroPoint, {}};
  if (!x || !scale)
    return std::nullopt;
  RankedTensorType type = node.typeOf(x), scaleType = node.typeOf(scale);
  if (zeroPoint && !(node.typeOf(zeroPoint).getShape() == scaleType.getShape() ||
                     (node.typeOf(zeroPoint).hasStaticShape() && node.typeOf(zeroPoint).getNumElements() == 1))) {
    node.fail("has a zero point of another shape than its scale");
    return std::nullopt;
  }
  if (zeroPoint && node.typeOf(zeroPoint).getShape() != scaleType.getShape())
    scaled.zeroPoint = node.reshape(zeroPoint, {});
  if (scaleType.hasStaticShape() && scaleType.getNumElements() == 1) {
    scaled.scale = node.reshape(scale, {});
    if (scaled.zeroPoint)
      scaled.zeroPoint = node.reshape(scaled.zeroPoint, {});
    return scaled;
  }
  int64_t axis = node.getInteger("axis"), blockSize = node.getInteger("block_size");
  if (axis < -type.getRank() || axis >= type.getRank()) {
    node.fail("has no axis " + Twine(axis) + " in a tensor of rank " + Twine(type.getRank()));
    return std::nullopt;
  }
  axis = axis < 0 ? axis + type.getRank() : axis;
  if (blockSize > 0 && scaleType.getRank() == type.getRank())
    return scaleBlocks(node, scaled, axis, blockSize);
  scaled.scale = node.perAxis(scaled.scale, type.getRank() - axis - 1);
  if (scaled.zeroPoint)
    scaled.zeroPoint = node.perAxis(scaled.zeroPoint, type.getRank() - axis - 1);
  if (!scaled.scale)
    return std::nullopt;
  return scaled;
}

std::vector<Value> buildQuantize(QuantizedNode &node) {
  Builder &builder = node.getBuilder();
  Value x = node.getOperand(0, builder.getF32Type());
  if (!x)
    return {Value()};
  Type xType = node.elementOf(x), given = node.getElementType("output_dtype"),
       to = given ? given : Type(builder.getIntegerType(8, /*isSigned=*/false));
  Value scale = node.getOperand(1, isReal(xType) ? xType : Type(builder.getF32Type())),
        zeroPoint = node.hasOperand(2) ? node.getOperand(2, to) : Value();
  if (!scale || (node.hasOperand(2) && !zeroPoint))
    return {Value()};
  if (zeroPoint) {
    if (given && node.elementOf(zeroPoint) != given)
      return {node.fail("has a zero point that is not of its 'output_dtype'")};
    to = node.elementOf(zeroPoint);
  }
  if (!isReal(xType) && !xType.isSignlessInteger(32))
    return {node.fail("quantizes floating point or i32")};
  // The quotient is of the scale's type, unless nothing is computed in that, or of `precision`.
  Type precision = node.getElementType("precision");
  if (!precision)
    precision = isReal(node.elementOf(scale)) ? node.elementOf(scale)
                : isReal(xType)               ? xType
                                              : Type(builder.getF32Type());
  std::optional<Scaled> scaled = arrangeScale(node, node.cast(x, precision), node.cast(scale, precision), zeroPoint);
  if (!scaled)
    return {Value()};
  Value result = node.quantize(scaled->x, scaled->scale, scaled->zeroPoint, to, node.getInteger("saturate") != 0);
  return {scaled->restore(node, result)};
}

std::vector<Value> buildDequantize(QuantizedNode &node) {
  Builder &builder = node.getBuilder();
  Value x = node.getOperand(0, builder.getI8Type());
  if (!x)
    return {Value()};
  Value scale = node.getOperand(1, builder.getF32Type()),
        zeroPoint = node.hasOperand(2) ? node.getOperand(2, node.elementOf(x)) : Value();
  if (!scale || (node.hasOperand(2) && !zeroPoint))
    return {Value()};
  // One multiplication and one rounding in the wider of both types.
  Type scaleType = node.elementOf(scale), given = node.getElementType("output_dtype"), to = given ? given : scaleType;
  bool isExact = to == scaleType && isReal(scaleType);
  std::optional<Scaled> scaled =
      arrangeScale(node, x, isExact ? scale : node.cast(scale, builder.getF32Type()), zeroPoint);
  if (!scaled)
    return {Value()};
  return {scaled->restore(node, node.cast(node.dequantize(scaled->x, scaled->scale, scaled->zeroPoint), to))};
}

Value reduceAll(QuantizedNode &node, ReductionKind kind, Value x) {
  auto axes = llvm::to_vector(llvm::seq<int64_t>(0, node.typeOf(x).getRank()));
  return node.make<ReduceOp>({x}, {node.named("kind", ReductionKindAttr::get(x.getContext(), kind)),
                                   node.named("axes", axes), node.named("keep_dims", false)});
}

} // namespace

DynamicallyQuantized quantizeDynamically(QuantizedNode &node, Value x) {
  if (!x)
    return {};
  Type f32 = node.getBuilder().getF32Type(), u8 = node.getBuilder().getIntegerType(8, /*isSigned=*/false);
  Value zero = node.createScalar(0, f32), levels = node.createScalar(255, f32);
  // The range contains 0.
  Value high = node.make<MaxOp>({reduceAll(node, ReductionKind::Max, x), zero}),
        low = node.make<MinOp>({reduceAll(node, ReductionKind::Min, x), zero}), range = node.subtract(high, low),
        isEmpty = node.make<EqualOp>({range, zero});
  Value scale = node.make<DivOp>({node.make<WhereOp>({isEmpty, node.createScalar(1, f32), range}), levels});
  Value zeroPoint = node.quantize(node.make<NegOp>({low}), scale, {}, u8);
  return {node.quantize(x, scale, zeroPoint, u8), scale, zeroPoint};
}

static std::vector<Value> buildDynamicQuantize(QuantizedNode &node) {
  Value x = node.getOperand(0, node.getBuilder().getF32Type());
  if (x && !node.elementOf(x).isF32())
    x = node.fail("quantizes f32");
  DynamicallyQuantized result = quantizeDynamically(node, x);
  return {result.elements, result.scale, result.zeroPoint};
}

void addQuantizationNodes(std::vector<QuantizedNodeKind> &kinds) {
  using Kind = QuantizedAttribute::Kind;
  QuantizedAttribute axis{Kind::Integer, "axis", "1", "Dimension with a scale per element or block"},
      blockSize{Kind::Integer, "block_size", "0", "Elements of a block, along `axis`; 0: scales are not of blocks"},
      outputType{Kind::ElementType, "output_dtype", "", "Element type of the result"},
      saturate{Kind::Flag, "saturate", "1", "Whether what is too large for f8 becomes its largest number"},
      precision{Kind::ElementType, "precision", "", "Element type of the quotient (the scale's)"};
  for (auto [prefix, since] : {std::pair("", 10), std::pair("com.microsoft.", 1)}) {
    kinds.push_back({prefix + std::string("QuantizeLinear"),
                     since,
                     2,
                     3,
                     1,
                     {axis, blockSize, outputType, saturate, precision},
                     buildQuantize});
    kinds.push_back(
        {prefix + std::string("DequantizeLinear"), since, 2, 3, 1, {axis, blockSize, outputType}, buildDequantize});
  }
  kinds.push_back({"DynamicQuantizeLinear", 11, 1, 1, 3, {}, buildDynamicQuantize});
}

} // namespace dlc
