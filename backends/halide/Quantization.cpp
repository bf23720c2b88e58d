// SPDX-License-Identifier: Apache-2.0
// Quantized elements and what they mean: elementwise ops whose scale and zero point broadcast.
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/Math.h"
#include "ir/OpsQuantization.h"

using namespace mlir;
using Halide::Expr;
using Halide::select;

namespace dlc::halide {

static Type elementOf(Value value) { return llvm::cast<RankedTensorType>(value.getType()).getElementType(); }

/// The range of an integer type of up to 16 bits.
static std::pair<double, double> getRange(IntegerType type) {
  double values = std::ldexp(1.0, static_cast<int>(type.getWidth()));
  return type.isUnsigned() ? std::pair(0.0, values - 1) : std::pair(-values / 2, values / 2 - 1);
}

static FailureOr<TensorFunc> emitQuantize(QuantizeOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &scale = builder.get(op.getScale());
  const TensorFunc *zeroPoint = op.getZeroPoint() ? &builder.get(op.getZeroPoint()) : nullptr;
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr value = roundToElementType(x.at(index) / scale.atBroadcast(index), elementOf(op.getX()));
    auto integer = llvm::dyn_cast<IntegerType>(op.getTo());
    if (integer)
      value = math::roundHalfEven(value);
    if (zeroPoint)
      value = value + Halide::cast(value.type(), zeroPoint->atBroadcast(index));
    if (!integer)
      return convertElement(value,
                            value.type().bits() == 64 ? Type(Float64Type::get(op.getContext()))
                                                      : Type(Float32Type::get(op.getContext())),
                            op.getTo(), op.getSaturate());
    auto [low, high] = getRange(integer);
    Expr lowest = Halide::Internal::make_const(value.type(), low),
         highest = Halide::Internal::make_const(value.type(), high);
    Expr inRange = select(value<lowest, lowest, value> highest, highest, Halide::is_nan(value),
                          Halide::Internal::make_zero(value.type()), value);
    return Halide::cast(getValueType(integer), Halide::cast<int32_t>(inRange));
  });
}

static FailureOr<TensorFunc> emitDequantize(DequantizeOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &scale = builder.get(op.getScale());
  const TensorFunc *zeroPoint = op.getZeroPoint() ? &builder.get(op.getZeroPoint()) : nullptr;
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr factor = scale.atBroadcast(index), value = Halide::cast(factor.type(), x.at(index));
    if (zeroPoint)
      value = value - Halide::cast(factor.type(), zeroPoint->atBroadcast(index));
    return value * factor;
  });
}

static FailureOr<TensorFunc> emitCenter(CenterOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &zeroPoint = builder.get(op.getZeroPoint());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    return Halide::cast<int16_t>(x.at(index)) - Halide::cast<int16_t>(zeroPoint.atBroadcast(index));
  });
}

void addQuantizationEmitters(MLIRContext *context) {
  addEmitter<QuantizeOp, &emitQuantize>(context);
  addEmitter<DequantizeOp, &emitDequantize>(context);
  addEmitter<CenterOp, &emitCenter>(context);
}

} // namespace dlc::halide
