// SPDX-License-Identifier: Apache-2.0
// Quantized elements and what they mean: elementwise ops whose scale and zero point broadcast.
#include "backends/halide/Families.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/Math.h"
#include "ir/ConstantData.h"
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

namespace {
/// The numbers of a quantization that is the same for all elements.
struct Grid {
  float scale;
  int zeroPoint;
  IntegerType type;
};
} // namespace

/// The grid of `op`, if a quotient by its scale may be computed with the reciprocal: a number far from the ends of
/// f32's range, on machines with fused multiply-adds.
static std::optional<Grid> getGrid(QuantizeOp op, const KernelBuilder &builder) {
  std::optional<double> scale = getUniformConstant(op.getScale()),
                        zeroPoint = op.getZeroPoint() ? getUniformConstant(op.getZeroPoint()) : 0.0;
  const Halide::Target &target = builder.getTarget();
  bool hasFma = target.arch == Halide::Target::ARM || target.has_feature(Halide::Target::FMA);
  auto type = llvm::dyn_cast<IntegerType>(op.getTo());
  constexpr double least = 0x1p-60, most = 0x1p60;
  if (!scale || !zeroPoint || !type || !hasFma || builder.isNaive() || !elementOf(op.getX()).isF32() ||
      !elementOf(op.getScale()).isF32() || !(*scale >= least && *scale <= most))
    return std::nullopt;
  return Grid{static_cast<float>(*scale), static_cast<int>(*zeroPoint), type};
}

/// x / divisor, correctly rounded, without a division, which takes as long as ten products: an estimate that is a unit
/// or so off is corrected by its remainder, which fused multiply-adds give exactly (Markstein, "Computation of
/// elementary functions on the IBM RISC System/6000 processor", 1990). The quotient must be a number of usual size.
static Expr divide(const Expr &x, float divisor) {
  if (divisor == 1)
    return x;
  Expr inverse = 1.0F / divisor, estimate = x * inverse;
  // Products and sums are contracted: KernelBitcode.cpp.
  Expr remainder = x - estimate * divisor;
  return estimate + remainder * inverse;
}

/// The element of `grid` that is nearest to x. What is beyond the ends is moved to them first, which does not change
/// NaN: so comparisons are instructions for the smaller or larger number, and the quotient fits the mantissa of a float
/// whose last bit is 1. Adding that rounds halves to even and gives the integer.
static Expr findElement(const Expr &x, const Grid &grid) {
  auto [low, high] = getRange(grid.type);
  Expr least = static_cast<float>((low - grid.zeroPoint) * grid.scale),
       most = static_cast<float>((high - grid.zeroPoint) * grid.scale);
  Expr bounded = select(least > x, least, x);
  bounded = select(most < bounded, most, bounded);
  constexpr float units = 0x1.8p23F;
  constexpr int unitsBits = 0x4B400000;
  Expr bits = reinterpret(Halide::Int(32), divide(bounded, grid.scale) + units);
  return Halide::cast(getValueType(grid.type), select(Halide::is_nan(x), 0, bits - (unitsBits - grid.zeroPoint)));
}

static FailureOr<TensorFunc> emitQuantize(QuantizeOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &scale = builder.get(op.getScale());
  const TensorFunc *zeroPoint = op.getZeroPoint() ? &builder.get(op.getZeroPoint()) : nullptr;
  if (std::optional<Grid> grid = getGrid(op, builder))
    return builder.define(op, [&](llvm::ArrayRef<Expr> index) { return findElement(x.at(index), *grid); });
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
