// SPDX-License-Identifier: Apache-2.0
// Quantized tensors in ONNX: one scale, one per element of an axis, or one per block.
#include "formats/onnx/IntegerProducts.h"
#include "formats/onnx/OpEmitters.h"
#include "ir/OpsConvolution.h"
#include "ir/OpsLinear.h"
#include "ir/OpsQuantization.h"

using namespace mlir;

namespace dlc::onnx_export {

static RankedTensorType typeOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()); }

namespace {
/// How ONNX is told which scale an element has.
struct Granularity {
  int64_t axis = 0, blockSize = 0;
  llvm::SmallVector<int64_t> shape; ///< of scale and zero point
  bool isExpanded = false;          ///< both are first broadcast to the tensor
};
} // namespace

static Granularity getGranularity(RankedTensorType x, RankedTensorType scale) {
  int64_t shift = x.getRank() - scale.getRank();
  llvm::SmallVector<int64_t> full(shift, 1);
  llvm::append_range(full, scale.getShape());
  llvm::SmallVector<int64_t> varying, constant;
  for (int64_t dim = 0; dim < x.getRank(); ++dim) {
    if (full[dim] != 1)
      varying.push_back(dim);
    else if (x.getDimSize(dim) != 1)
      constant.push_back(dim);
  }
  Granularity result;
  if (varying.empty())
    return result;
  if (varying.size() == 1) {
    result.axis = varying.front();
    result.shape = {full[result.axis]};
    return result;
  }
  // A dimension in which all elements share a scale is one block.
  bool isBlock = constant.size() == 1 && !x.isDynamicDim(constant.front());
  result.axis = isBlock ? constant.front() : 0;
  result.blockSize = isBlock ? x.getDimSize(result.axis) : 1;
  result.isExpanded = !isBlock;
  result.shape = full;
  return result;
}

/// `value`, a scale or zero point, in the form of `granularity`.
static std::string arrange(Value value, Value x, const Granularity &granularity, GraphWriter &writer) {
  std::string name = writer.getName(value);
  if (granularity.isExpanded)
    return writer.add("Expand", {name, writer.makeShape(writer.getDims(x))});
  if (typeOf(value).getShape() == llvm::ArrayRef<int64_t>(granularity.shape))
    return name;
  llvm::SmallVector<int64_t> shape(granularity.shape);
  for (int64_t &extent : shape)
    if (ShapedType::isDynamic(extent))
      extent = -1;
  return writer.add("Reshape", {name, writer.makeInts(shape)});
}

/// Adds scale and zero point to `inputs` and gives the attributes that say what they belong to.
static NodeAttributes addScale(Names &inputs, Value x, Value scale, Value zeroPoint, GraphWriter &writer) {
  Granularity granularity = getGranularity(typeOf(x), typeOf(scale));
  inputs.push_back(arrange(scale, x, granularity, writer));
  if (zeroPoint && typeOf(zeroPoint).getShape() == typeOf(scale).getShape())
    inputs.push_back(arrange(zeroPoint, x, granularity, writer));
  else if (zeroPoint)
    inputs.push_back(writer.add("Expand", {arrange(zeroPoint, x, getGranularity(typeOf(x), typeOf(zeroPoint)), writer),
                                           writer.add("Shape", {inputs.back()})}));
  NodeAttributes attributes;
  if (!granularity.shape.empty())
    attributes.push_back({"axis", granularity.axis});
  if (granularity.blockSize) {
    attributes.push_back({"block_size", granularity.blockSize});
    writer.requireOpset(21);
  }
  return attributes;
}

/// Types of 16 bits came with opset 21.
static void requireOpsetOf(Type quantized, GraphWriter &writer) {
  if (quantized.isInteger(16))
    writer.requireOpset(21);
}

static FailureOr<std::string> emitQuantize(QuantizeOp op, GraphWriter &writer) {
  if (typeOf(op.getX()).getElementType().isF64())
    return op.emitOpError("has no form in ONNX for f64");
  requireOpsetOf(op.getTo(), writer);
  Names inputs{writer.getName(op.getX())};
  NodeAttributes attributes = addScale(inputs, op.getX(), op.getScale(), op.getZeroPoint(), writer);
  if (!op.getZeroPoint()) {
    // The type that `output_dtype` says from opset 21 on.
    attributes.push_back({"output_dtype", int64_t(*getOnnxType(op.getTo()))});
    writer.requireOpset(21);
  }
  if (!op.getSaturate())
    attributes.push_back({"saturate", int64_t(0)});
  return writer.add("QuantizeLinear", inputs, std::move(attributes));
}

static FailureOr<std::string> emitDequantize(DequantizeOp op, GraphWriter &writer) {
  if (typeOf(op.getScale()).getElementType().isF64())
    return op.emitOpError("has no form in ONNX for f64");
  requireOpsetOf(typeOf(op.getX()).getElementType(), writer);
  Names inputs{writer.getName(op.getX())};
  NodeAttributes attributes = addScale(inputs, op.getX(), op.getScale(), op.getZeroPoint(), writer);
  return writer.add("DequantizeLinear", inputs, std::move(attributes));
}

/// Whether every user takes the zero point of what `op` centres.
static bool isFactorOnly(CenterOp op) {
  return llvm::all_of(op->getUsers(), [](Operation *user) { return llvm::isa<MatMulOp, ConvOp>(user); });
}

/// A factor, centred or not, in i32.
static std::string widen(Value factor, GraphWriter &writer) {
  auto cast = [&](Value value) {
    return writer.add("Cast", {writer.getName(value)}, {{"to", int64_t(onnx::TensorProto::INT32)}});
  };
  auto center = factor.getDefiningOp<CenterOp>();
  return center ? writer.add("Sub", {cast(center.getX()), cast(center.getZeroPoint())}) : cast(factor);
}

static std::string emitCenter(CenterOp op, GraphWriter &writer) {
  if (isFactorOnly(op))
    return "";
  return writer.add("Cast", {widen(op.getResult(), writer)}, {{"to", int64_t(onnx::TensorProto::INT16)}});
}

namespace {
/// A factor of a product: elements of 8 bits, and their zero point if they have one.
struct Factor {
  Value elements, zeroPoint;

  explicit Factor(Value value) : elements(value) {
    if (auto center = value.getDefiningOp<CenterOp>()) {
      elements = center.getX();
      zeroPoint = center.getZeroPoint();
    }
  }
  bool isByte() const { return typeOf(elements).getElementType().isInteger(8); }
};
} // namespace

/// The zero point of a factor in `shape`, or in its own.
static std::string nameZeroPoint(const Factor &factor, GraphWriter &writer,
                                 std::optional<llvm::SmallVector<int64_t>> shape = std::nullopt) {
  if (!factor.zeroPoint)
    return "";
  std::string name = writer.getName(factor.zeroPoint);
  return shape && typeOf(factor.zeroPoint).getShape() != llvm::ArrayRef<int64_t>(*shape)
             ? writer.add("Reshape", {name, writer.makeInts(*shape)})
             : name;
}

/// A matrix, or several, with its last two dimensions exchanged if `isTransposed`.
static std::string transpose(const std::string &name, int64_t rank, bool isTransposed, GraphWriter &writer) {
  if (!isTransposed || rank < 2)
    return name;
  auto order = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(order[rank - 1], order[rank - 2]);
  return writer.add("Transpose", {name}, {{"perm", std::vector<int64_t>(order.begin(), order.end())}});
}

std::string emitMatMulInteger(MatMulOp op, GraphWriter &writer) {
  Factor lhs(op.getLhs()), rhs(op.getRhs());
  int64_t lhsRank = typeOf(op.getLhs()).getRank(), rhsRank = typeOf(op.getRhs()).getRank();
  if (!lhs.isByte() || !rhs.isByte())
    return writer.add("MatMul", {transpose(widen(op.getLhs(), writer), lhsRank, op.getTransposeLhs(), writer),
                                 transpose(widen(op.getRhs(), writer), rhsRank, op.getTransposeRhs(), writer)});
  Names inputs{transpose(writer.getName(lhs.elements), lhsRank, op.getTransposeLhs(), writer),
               transpose(writer.getName(rhs.elements), rhsRank, op.getTransposeRhs(), writer)};
  // One per row, or column, of a matrix is a vector.
  auto shapeOf = [](const Factor &factor, int64_t rank) {
    bool isVector = factor.zeroPoint && typeOf(factor.zeroPoint).getRank() == 2 && rank == 2;
    return isVector ? std::optional(llvm::SmallVector<int64_t>{-1}) : std::nullopt;
  };
  if (lhs.zeroPoint || rhs.zeroPoint)
    inputs.push_back(nameZeroPoint(lhs, writer, shapeOf(lhs, lhsRank)));
  if (rhs.zeroPoint)
    inputs.push_back(nameZeroPoint(rhs, writer, shapeOf(rhs, rhsRank)));
  return writer.add("MatMulInteger", inputs);
}

FailureOr<std::string> emitConvInteger(ConvOp op, GraphWriter &writer) {
  Factor x(op.getX()), w(op.getW());
  if (!x.isByte() || !w.isByte() || llvm::any_of(op.getPads(), [](int64_t pad) { return pad < 0; }))
    return op.emitOpError("has no form in ONNX with negative pads or factors wider than 8 bits");
  Names inputs{writer.getName(x.elements), writer.getName(w.elements)};
  if (x.zeroPoint || w.zeroPoint)
    inputs.push_back(nameZeroPoint(x, writer, llvm::SmallVector<int64_t>{}));
  if (w.zeroPoint) {
    bool isSingle = typeOf(w.zeroPoint).getNumElements() == 1;
    inputs.push_back(
        nameZeroPoint(w, writer, isSingle ? llvm::SmallVector<int64_t>{} : llvm::SmallVector<int64_t>{-1}));
  }
  return writer.add("ConvInteger", inputs,
                    {{"dilations", op.getDilations().vec()},
                     {"group", int64_t(op.getGroups())},
                     {"kernel_shape", typeOf(op.getW()).getShape().drop_front(2).vec()},
                     {"pads", op.getPads().vec()},
                     {"strides", op.getStrides().vec()}});
}

void registerQuantization(OpEmitters &emitters) {
  emitters.add<QuantizeOp>(emitQuantize);
  emitters.add<DequantizeOp>(emitDequantize);
  emitters.add<CenterOp>(emitCenter);
}

} // namespace dlc::onnx_export
