// SPDX-License-Identifier: Apache-2.0
// Elementwise ops. Each is a function that Halide computes where it is used, so a chain of them is one loop.
//
// The schedule: vectors along the innermost dimension of the result, whose rest is done with masks; ranges of the split
// dimension are computed by the program. `--dlc-collapse-kernels` has merged neighbouring dimensions before, so the
// innermost loop is long.
#include "backends/halide/Elementwise.h"
#include "backends/halide/Families.h"
#include "backends/halide/IntegerMath.h"
#include "backends/halide/KernelBuilder.h"
#include "backends/halide/Math.h"
#include "ir/ConstantData.h"
#include "ir/OpsActivation.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsLogic.h"

using namespace mlir;
using Halide::Expr;
using Halide::select;

namespace dlc::halide {

static Expr zero(const Expr &x) { return Halide::Internal::make_zero(x.type()); }
static Expr one(const Expr &x) { return Halide::Internal::make_one(x.type()); }
static Expr number(const Expr &x, double value) { return Halide::Internal::make_const(x.type(), value); }
static bool isFloat(const Expr &x) { return x.type().is_float(); }

// One function per op: its result from its operands' elements.
static Expr compute(AbsOp, Expr x) { return isFloat(x) ? math::magnitude(x) : wrappingAbs(x); }
static Expr compute(NegOp, Expr x) { return isFloat(x) ? math::negate(x) : wrappingSub(zero(x), x); }
static Expr compute(SignOp, Expr x) {
  return isFloat(x) ? select(x > zero(x), one(x), x < zero(x), -one(x), x)
                    : Halide::cast(x.type(), select(x > zero(x), one(x), x == zero(x), zero(x), zero(x) - one(x)));
}
static Expr compute(CeilOp, Expr x) { return isFloat(x) ? Halide::ceil(x) : x; }
static Expr compute(FloorOp, Expr x) { return isFloat(x) ? Halide::floor(x) : x; }
static Expr compute(RoundOp, Expr x) { return isFloat(x) ? math::roundHalfEven(x) : x; }
static Expr compute(SqrtOp, Expr x) { return Halide::sqrt(x); }
static Expr compute(ReciprocalOp, Expr x) { return isFloat(x) ? one(x) / x : truncatingDiv(one(x), x); }
static Expr compute(ExpOp, Expr x) { return math::exp(x); }
static Expr compute(LogOp, Expr x) { return math::log(x); }
static Expr compute(ErfOp, Expr x) { return math::erf(x); }
static Expr compute(SinOp, Expr x) { return math::sin(x); }
static Expr compute(CosOp, Expr x) { return math::cos(x); }
static Expr compute(TanOp, Expr x) { return math::tan(x); }
static Expr compute(AsinOp, Expr x) { return math::asin(x); }
static Expr compute(AcosOp, Expr x) { return math::acos(x); }
static Expr compute(AtanOp, Expr x) { return math::atan(x); }
static Expr compute(SinhOp, Expr x) { return math::sinh(x); }
static Expr compute(CoshOp, Expr x) { return math::cosh(x); }
static Expr compute(AsinhOp, Expr x) { return math::asinh(x); }
static Expr compute(AcoshOp, Expr x) { return math::acosh(x); }
static Expr compute(AtanhOp, Expr x) { return math::atanh(x); }

static Expr compute(TanhOp, Expr x) { return math::tanh(x); }
static Expr compute(SigmoidOp, Expr x) { return math::sigmoid(x); }
static Expr compute(ReluOp, Expr x) { return select(x < zero(x), zero(x), x); }
static Expr compute(LeakyReluOp op, Expr x) {
  return select(x < zero(x), x * number(x, op.getAlpha().convertToDouble()), x);
}
static Expr compute(ThresholdedReluOp op, Expr x) {
  return select(x > number(x, op.getAlpha().convertToDouble()) || Halide::is_nan(x), x, zero(x));
}
static Expr compute(EluOp op, Expr x) {
  return select(x < zero(x), number(x, op.getAlpha().convertToDouble()) * math::expm1(x), x);
}
static Expr compute(CeluOp op, Expr x) {
  Expr alpha = number(x, op.getAlpha().convertToDouble());
  Expr curve = alpha * math::expm1(x / alpha);
  return select(x > zero(x), x, zero(x)) + select(curve > zero(x), zero(x), curve);
}
static Expr compute(SeluOp op, Expr x) {
  double alpha = op.getAlpha().convertToDouble(), gamma = op.getGamma().convertToDouble();
  return select(x > zero(x), number(x, gamma) * x, number(x, gamma * alpha) * math::expm1(x));
}
static Expr compute(SoftplusOp, Expr x) { return math::softplus(x); }
static Expr compute(SoftsignOp, Expr x) { return x / (one(x) + Halide::abs(x)); }
static Expr clampNumber(const Expr &x, double low, double high) {
  return select(x<number(x, low), number(x, low), x> number(x, high), number(x, high), x);
}
static Expr compute(HardSigmoidOp op, Expr x) {
  return clampNumber(number(x, op.getAlpha().convertToDouble()) * x + number(x, op.getBeta().convertToDouble()), 0, 1);
}
static Expr compute(HardSwishOp, Expr x) { return x * clampNumber(x * number(x, 1.0 / 6) + number(x, 0.5), 0, 1); }
static Expr compute(SwishOp op, Expr x) {
  double alpha = op.getAlpha().convertToDouble();
  return x * math::sigmoid(alpha == 1 ? x : number(x, alpha) * x);
}
static Expr compute(MishOp, Expr x) {
  // tanh(log(1 + e)) = n / (n + 2) with n = e (e + 2); beyond 20 that is 1.
  Expr e = math::exp(select(x > number(x, 20), number(x, 20), x));
  Expr n = e * (e + number(x, 2));
  return x * (n / (n + number(x, 2)));
}
static Expr compute(GeluOp op, Expr x) { return op.getTanhApproximation() ? math::geluTanh(x) : math::gelu(x); }
static Expr compute(ShrinkOp op, Expr x) {
  Type type = getElementTypeOrSelf(op.getType());
  Expr bias = makeConstant(op.getBias().convertToDouble(), type);
  double lambda = op.getLambda().convertToDouble();
  // For integers the comparison with a fraction happens in double.
  Expr compared = isFloat(x) ? x : Halide::cast<double>(x);
  return select(compared < number(compared, -lambda), isFloat(x) ? x + bias : wrappingAdd(x, bias),
                compared > number(compared, lambda), isFloat(x) ? x - bias : wrappingSub(x, bias), zero(x));
}
static Expr compute(ClampOp op, Expr x) {
  Type type = getElementTypeOrSelf(op.getType());
  Expr result = x;
  if (auto low = op.getLow())
    result = select(x < makeConstant(low->convertToDouble(), type), makeConstant(low->convertToDouble(), type), result);
  if (auto high = op.getHigh()) {
    // As min(max(x, low), high): the high limit wins where the limits cross.
    Expr limit = makeConstant(high->convertToDouble(), type);
    result = select(result > limit, limit, result);
  }
  return result;
}

static Expr compute(IsNanOp, Expr x) { return isFloat(x) ? Halide::is_nan(x) : Halide::Internal::const_false(); }
static Expr compute(IsInfOp op, Expr x) {
  Expr result = Halide::Internal::const_false();
  if (!isFloat(x))
    return result;
  if (op.getDetectNegative())
    result = result || x == number(x, -HUGE_VAL);
  if (op.getDetectPositive())
    result = result || x == number(x, HUGE_VAL);
  return result;
}
static Expr compute(NotOp, Expr x) { return !x; }
static Expr compute(BitwiseNotOp, Expr x) { return ~x; }
static Expr compute(CastOp op, Expr x) {
  return convertElement(x, getElementTypeOrSelf(op.getX()), op.getTo(), op.getSaturate(), op.getRoundMode());
}

/// Halide does not compare booleans.
static Expr comparable(const Expr &x) { return x.type().is_bool() ? Halide::cast<uint8_t>(x) : x; }

static Expr compute(AndOp, Expr a, Expr b) { return a && b; }
static Expr compute(OrOp, Expr a, Expr b) { return a || b; }
static Expr compute(XorOp, Expr a, Expr b) { return comparable(a) != comparable(b); }
static Expr compute(BitwiseAndOp, Expr a, Expr b) { return a & b; }
static Expr compute(BitwiseOrOp, Expr a, Expr b) { return a | b; }
static Expr compute(BitwiseXorOp, Expr a, Expr b) { return a ^ b; }
static Expr compute(BitShiftOp op, Expr a, Expr b) { return shift(a, b, op.getLeft()); }
static Expr compute(EqualOp, Expr a, Expr b) { return comparable(a) == comparable(b); }
static Expr compute(GreaterOp, Expr a, Expr b) { return comparable(a) > comparable(b); }
static Expr compute(GreaterOrEqualOp, Expr a, Expr b) { return math::lessOrEqual(comparable(b), comparable(a)); }
static Expr compute(LessOp, Expr a, Expr b) { return comparable(a) < comparable(b); }
static Expr compute(LessOrEqualOp, Expr a, Expr b) { return math::lessOrEqual(comparable(a), comparable(b)); }
static Expr compute(AddOp, Expr a, Expr b) { return isFloat(a) ? a + b : wrappingAdd(a, b); }
static Expr compute(SubOp, Expr a, Expr b) { return isFloat(a) ? a - b : wrappingSub(a, b); }
static Expr compute(MulOp, Expr a, Expr b) { return isFloat(a) ? a * b : wrappingMul(a, b); }
static Expr compute(DivOp, Expr a, Expr b) { return isFloat(a) ? a / b : truncatingDiv(a, b); }
static Expr compute(ModOp op, Expr a, Expr b) {
  Expr remainder = isFloat(a) ? math::fmod(a, b) : truncatingMod(a, b);
  if (op.getFmod() || a.type().is_uint())
    return remainder;
  Expr differs = remainder != zero(a) && (remainder < zero(a)) != (b < zero(b));
  return select(differs, isFloat(a) ? remainder + b : wrappingAdd(remainder, b), remainder);
}
static Expr compute(MaxOp, Expr a, Expr b) { return math::max(a, b); }
static Expr compute(MinOp, Expr a, Expr b) { return math::min(a, b); }
static Expr compute(PReluOp, Expr a, Expr b) { return select(a < zero(a), isFloat(a) ? a * b : wrappingMul(a, b), a); }

static Expr compute(PowOp op, Expr a, Expr b) {
  std::optional<double> exponent = getUniformConstant(op.getRhs());
  if (isFloat(a)) {
    if (exponent == 1.0)
      return a;
    if (exponent == 2.0)
      return a * a;
    if (exponent == 3.0)
      return a * a * a;
    if (exponent == -1.0)
      return one(a) / a;
    return math::pow(a, Halide::cast(a.type(), b));
  }
  if (!isFloat(b))
    return integerPow(a, b);
  Type type = getElementTypeOrSelf(op.getType());
  return convertElement(math::pow(Halide::cast<double>(a), Halide::cast<double>(b)), Float64Type::get(op.getContext()),
                        type);
}

template <typename OpTy> static FailureOr<TensorFunc> emitUnary(OpTy op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) { return compute(op, x.atBroadcast(index)); });
}
template <typename OpTy> static FailureOr<TensorFunc> emitBinary(OpTy op, KernelBuilder &builder) {
  const TensorFunc &lhs = builder.get(op.getLhs()), &rhs = builder.get(op.getRhs());
  return builder.define(
      op, [&](llvm::ArrayRef<Expr> index) { return compute(op, lhs.atBroadcast(index), rhs.atBroadcast(index)); });
}
static FailureOr<TensorFunc> emitWhere(WhereOp op, KernelBuilder &builder) {
  const TensorFunc &condition = builder.get(op.getCondition());
  const TensorFunc &onTrue = builder.get(op.getOnTrue()), &onFalse = builder.get(op.getOnFalse());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    return select(condition.atBroadcast(index), onTrue.atBroadcast(index), onFalse.atBroadcast(index));
  });
}
static FailureOr<TensorFunc> emitAbsorbZero(AbsorbZeroOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &factor = builder.get(op.getFactor());
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr value = x.atBroadcast(index), multiplier = factor.atBroadcast(index);
    return select(multiplier == zero(multiplier), zero(value), value);
  });
}

// An op whose function `compute` is above has an emitter: of one operand or of two.
template <typename OpTy, typename = void> constexpr bool isUnary = false;
template <typename OpTy>
constexpr bool isUnary<OpTy, std::void_t<decltype(compute(std::declval<OpTy>(), std::declval<Expr>()))>> = true;
template <typename OpTy, typename = void> constexpr bool isBinary = false;
template <typename OpTy>
constexpr bool
    isBinary<OpTy, std::void_t<decltype(compute(std::declval<OpTy>(), std::declval<Expr>(), std::declval<Expr>()))>> =
        true;

template <typename OpTy> static void addComputed(MLIRContext *context) {
  if constexpr (isUnary<OpTy>)
    addEmitter<OpTy, &emitUnary<OpTy>>(context);
  else if constexpr (isBinary<OpTy>)
    addEmitter<OpTy, &emitBinary<OpTy>>(context);
}
template <typename... Ops> static void addFamily(MLIRContext *context) { (addComputed<Ops>(context), ...); }

void scheduleRows(KernelBuilder &builder, Halide::Func func) {
  std::vector<Halide::Var> arguments = func.args();
  int64_t vector = builder.getSchedule().getVector();
  if (builder.isNaive() || arguments.empty())
    return;
  std::optional<int64_t> extent = builder.getOutputExtent(0);
  while (extent && vector > *extent && vector > 1)
    vector /= 2;
  if (vector <= 1)
    return;
  bool isExact = extent && *extent % vector == 0;
  func.vectorize(arguments[0], static_cast<int>(vector),
                 isExact ? Halide::TailStrategy::RoundUp : Halide::TailStrategy::GuardWithIf);
}

LogicalResult scheduleElementwise(KernelBuilder &builder) {
  scheduleRows(builder, builder.getOutput());
  if (Halide::Expr usual = builder.getUsual(); usual.defined() && !builder.isNaive())
    builder.getOutput().specialize(usual);
  return success();
}

void addElementwiseEmitters(MLIRContext *context) {
  addFamily<
#define GET_OP_LIST
#include "ir/OpsArithmetic.cpp.inc"
      >(context);
  addFamily<
#define GET_OP_LIST
#include "ir/OpsElementwise.cpp.inc"
      >(context);
  addFamily<
#define GET_OP_LIST
#include "ir/OpsExtrema.cpp.inc"
      >(context);
  addFamily<
#define GET_OP_LIST
#include "ir/OpsConversion.cpp.inc"
      >(context);
  addFamily<
#define GET_OP_LIST
#include "ir/OpsActivation.cpp.inc"
      >(context);
  addFamily<
#define GET_OP_LIST
#include "ir/OpsComparison.cpp.inc"
      >(context);
  addFamily<
#define GET_OP_LIST
#include "ir/OpsLogic.cpp.inc"
      >(context);
  addEmitter<WhereOp, &emitWhere>(context);
  addEmitter<AbsorbZeroOp, &emitAbsorbZero>(context);
}

} // namespace dlc::halide
