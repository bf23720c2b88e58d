// SPDX-License-Identifier: Apache-2.0
// Tensors that are made of nothing but attributes and extents: constants, fillings, indices.
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "ir/OpsConstant.h"
#include "ir/OpsGeneration.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::Var;

namespace dlc::halide {

static FailureOr<TensorFunc> emitFill(FillOp op, KernelBuilder &builder) {
  return builder.define(
      op, [&](llvm::ArrayRef<Expr>) { return makeConstant(op.getValue().convertToDouble(), op.getElementType()); });
}

static FailureOr<TensorFunc> emitIota(IotaOp op, KernelBuilder &builder) {
  double start = op.getStart().convertToDouble(), step = op.getStep().convertToDouble();
  Type elementType = op.getElementType();
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) -> Expr {
    if (getValueType(elementType).is_float() || start != std::floor(start) || step != std::floor(step))
      return convertElement(Expr(start) + Expr(step) * Halide::cast<double>(index[0]),
                            Float64Type::get(op.getContext()), elementType);
    Expr number =
        Halide::Internal::make_const(Halide::Int(64), static_cast<int64_t>(start)) +
        Halide::Internal::make_const(Halide::Int(64), static_cast<int64_t>(step)) * Halide::cast<int64_t>(index[0]);
    return Halide::cast(getValueType(elementType), number);
  });
}

static FailureOr<TensorFunc> emitIndex(IndexOp op, KernelBuilder &builder) {
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) { return Halide::cast<int64_t>(index[0]); });
}

static FailureOr<TensorFunc> emitExtent(ExtentOp op, KernelBuilder &builder) {
  Exprs extents = builder.getExtents(op.getX());
  return builder.define(op, [&](llvm::ArrayRef<Expr>) {
    Expr product = Halide::cast<int64_t>(1);
    for (int64_t axis : op.getAxes())
      product = product * Halide::cast<int64_t>(extents[axis]);
    return convertElement(product, IntegerType::get(op.getContext(), 64), op.getElementType());
  });
}

/// A copy of the constant's elements as the kernel's own data.
static Func makeTable(ElementsAttr value) {
  auto type = llvm::cast<RankedTensorType>(value.getType());
  Type elementType = type.getElementType();
  Halide::Buffer<> buffer(getStorageType(elementType), std::vector<int>{static_cast<int>(type.getNumElements())});
  int64_t bytes = getElementBytes(elementType);
  auto *target =
      static_cast<char *>(buffer.raw_buffer()->host ? static_cast<void *>(buffer.raw_buffer()->host) : nullptr);
  for (auto [i, element] : llvm::enumerate(value.getValues<Attribute>())) {
    APInt bits = llvm::isa<FloatAttr>(element) ? llvm::cast<FloatAttr>(element).getValue().bitcastToAPInt()
                                               : llvm::cast<IntegerAttr>(element).getValue();
    uint64_t word = bits.getZExtValue();
    std::memcpy(target + i * bytes, &word, bytes);
  }
  Func table("table");
  Var i("i");
  table(i) = fromStorage(buffer(i), elementType);
  return table;
}

static FailureOr<TensorFunc> emitConstant(ConstantOp op, KernelBuilder &builder) {
  ElementsAttr value = op.getValue();
  auto type = llvm::cast<RankedTensorType>(op.getType());
  Type elementType = type.getElementType();
  if (value.isSplat()) {
    Attribute element = value.getSplatValue<Attribute>();
    Expr number;
    if (auto real = llvm::dyn_cast<FloatAttr>(element)) {
      number = makeConstant(real.getValueAsDouble(), elementType);
    } else {
      APInt integer = llvm::cast<IntegerAttr>(element).getValue();
      Halide::Type halideType = getValueType(elementType);
      number = halideType.is_int() ? Halide::Internal::make_const(halideType, integer.getSExtValue())
                                   : Halide::Internal::make_const(halideType, integer.getZExtValue());
    }
    return builder.define(op, [&](llvm::ArrayRef<Expr>) { return number; });
  }
  if (type.getNumElements() > 4096)
    return op.emitOpError("is too large to be inside a kernel");
  Func table = makeTable(value);
  Exprs extents = builder.getExtents(op);
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr linear = 0;
    for (size_t dim = 0; dim < index.size(); ++dim)
      linear = linear * extents[dim] + index[dim];
    return table(linear);
  });
}

void addGenerationEmitters(MLIRContext *context) {
  addEmitter<FillOp, &emitFill>(context);
  addEmitter<IotaOp, &emitIota>(context);
  addEmitter<IndexOp, &emitIndex>(context);
  addEmitter<ExtentOp, &emitExtent>(context);
  addEmitter<ConstantOp, &emitConstant>(context);
}

} // namespace dlc::halide
