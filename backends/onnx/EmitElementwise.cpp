// SPDX-License-Identifier: Apache-2.0
#include "backends/onnx/OpEmitters.h"
#include "ir/OpsActivation.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsLogic.h"
#include "ir/OpsTraining.h"

using namespace mlir;

namespace dlc::onnx_export {

static float toFloat(const llvm::APFloat &value) { return static_cast<float>(value.convertToDouble()); }

/// A node with the attributes that `get` computes from the op.
template <typename OpTy, typename Function>
static void addWith(OpEmitters &emitters, const char *type, Function getAttributes) {
  emitters.add<OpTy>([type, getAttributes](OpTy op, GraphWriter &writer) {
    Names inputs;
    for (Value operand : op->getOperands())
      inputs.push_back(writer.getName(operand));
    return writer.add(type, inputs, getAttributes(op));
  });
}

static std::string emitClamp(ClampOp op, GraphWriter &writer) {
  Type element = getElementTypeOrSelf(op.getType());
  auto limit = [&](std::optional<llvm::APFloat> value) {
    return value ? writer.makeScalar(value->convertToDouble(), element) : std::string();
  };
  std::string low = limit(op.getLow()), high = limit(op.getHigh());
  return writer.add("Clip", {writer.getName(op.getX()), low, high});
}

/// x sigmoid(alpha x); ONNX has an op for it from opset 24 on.
static std::string emitSwish(SwishOp op, GraphWriter &writer) {
  std::string x = writer.getName(op.getX()), scaled = x;
  if (double alpha = op.getAlpha().convertToDouble(); alpha != 1)
    scaled = writer.add("Mul", {x, writer.makeScalar(alpha, getElementTypeOrSelf(op.getType()))});
  return writer.add("Mul", {x, writer.add("Sigmoid", {scaled})});
}

/// ONNX has the remainder with the divisor's sign for integers only.
static std::string emitMod(ModOp op, GraphWriter &writer) {
  std::string lhs = writer.getName(op.getLhs()), rhs = writer.getName(op.getRhs());
  if (op.getFmod() || !llvm::isa<FloatType>(getElementTypeOrSelf(op.getType())))
    return writer.add("Mod", {lhs, rhs}, {{"fmod", int64_t(op.getFmod())}});
  std::string times = writer.add("Floor", {writer.add("Div", {lhs, rhs})});
  return writer.add("Sub", {lhs, writer.add("Mul", {times, rhs})});
}

static FailureOr<std::string> emitBitShift(BitShiftOp op, GraphWriter &writer) {
  if (!getElementTypeOrSelf(op.getType()).isUnsignedInteger())
    return op.emitOpError("has no form in ONNX for signed integers");
  return writer.add("BitShift", {writer.getName(op.getLhs()), writer.getName(op.getRhs())},
                    {{"direction", std::string(op.getLeft() ? "LEFT" : "RIGHT")}});
}

static FailureOr<std::string> emitCast(CastOp op, GraphWriter &writer) {
  std::optional<int32_t> to = getElementType(op.getTo());
  if (!to)
    return op.emitOpError("converts to a type that ONNX lacks");
  return writer.add("Cast", {writer.getName(op.getX())}, {{"to", int64_t(*to)}});
}

static void registerPlain(OpEmitters &emitters) {
  emitters.addPlain<AbsOp>("Abs");
  emitters.addPlain<NegOp>("Neg");
  emitters.addPlain<SignOp>("Sign");
  emitters.addPlain<CeilOp>("Ceil");
  emitters.addPlain<FloorOp>("Floor");
  emitters.addPlain<RoundOp>("Round");
  emitters.addPlain<SqrtOp>("Sqrt");
  emitters.addPlain<ReciprocalOp>("Reciprocal");
  emitters.addPlain<ExpOp>("Exp");
  emitters.addPlain<LogOp>("Log");
  emitters.addPlain<ErfOp>("Erf");
  emitters.addPlain<SinOp>("Sin");
  emitters.addPlain<CosOp>("Cos");
  emitters.addPlain<TanOp>("Tan");
  emitters.addPlain<AsinOp>("Asin");
  emitters.addPlain<AcosOp>("Acos");
  emitters.addPlain<AtanOp>("Atan");
  emitters.addPlain<SinhOp>("Sinh");
  emitters.addPlain<CoshOp>("Cosh");
  emitters.addPlain<AsinhOp>("Asinh");
  emitters.addPlain<AcoshOp>("Acosh");
  emitters.addPlain<AtanhOp>("Atanh");
  emitters.addPlain<TanhOp>("Tanh");
  emitters.addPlain<SigmoidOp>("Sigmoid");
  emitters.addPlain<ReluOp>("Relu");
  emitters.addPlain<SoftplusOp>("Softplus");
  emitters.addPlain<SoftsignOp>("Softsign");
  emitters.addPlain<HardSwishOp>("HardSwish");
  emitters.addPlain<MishOp>("Mish");
  emitters.addPlain<IsNanOp>("IsNaN");
  emitters.addPlain<NotOp>("Not");
  emitters.addPlain<BitwiseNotOp>("BitwiseNot");
  emitters.addPlain<AndOp>("And");
  emitters.addPlain<OrOp>("Or");
  emitters.addPlain<XorOp>("Xor");
  emitters.addPlain<BitwiseAndOp>("BitwiseAnd");
  emitters.addPlain<BitwiseOrOp>("BitwiseOr");
  emitters.addPlain<BitwiseXorOp>("BitwiseXor");
  emitters.addPlain<EqualOp>("Equal");
  emitters.addPlain<GreaterOp>("Greater");
  emitters.addPlain<GreaterOrEqualOp>("GreaterOrEqual");
  emitters.addPlain<LessOp>("Less");
  emitters.addPlain<LessOrEqualOp>("LessOrEqual");
  emitters.addPlain<AddOp>("Add");
  emitters.addPlain<SubOp>("Sub");
  emitters.addPlain<MulOp>("Mul");
  emitters.addPlain<DivOp>("Div");
  emitters.addPlain<PowOp>("Pow");
  emitters.addPlain<MaxOp>("Max");
  emitters.addPlain<MinOp>("Min");
  emitters.addPlain<WhereOp>("Where");
  emitters.addPlain<PReluOp>("PRelu");
  emitters.addPlain<StopGradientOp>("Identity");
}

void registerElementwise(OpEmitters &emitters) {
  registerPlain(emitters);
  auto alpha = [](auto op) { return NodeAttributes{{"alpha", toFloat(op.getAlpha())}}; };
  addWith<LeakyReluOp>(emitters, "LeakyRelu", alpha);
  addWith<ThresholdedReluOp>(emitters, "ThresholdedRelu", alpha);
  addWith<EluOp>(emitters, "Elu", alpha);
  addWith<CeluOp>(emitters, "Celu", alpha);
  addWith<SeluOp>(emitters, "Selu", [](SeluOp op) {
    return NodeAttributes{{"alpha", toFloat(op.getAlpha())}, {"gamma", toFloat(op.getGamma())}};
  });
  addWith<HardSigmoidOp>(emitters, "HardSigmoid", [](HardSigmoidOp op) {
    return NodeAttributes{{"alpha", toFloat(op.getAlpha())}, {"beta", toFloat(op.getBeta())}};
  });
  addWith<GeluOp>(emitters, "Gelu", [](GeluOp op) {
    return NodeAttributes{{"approximate", std::string(op.getTanhApproximation() ? "tanh" : "none")}};
  });
  addWith<ShrinkOp>(emitters, "Shrink", [](ShrinkOp op) {
    return NodeAttributes{{"bias", toFloat(op.getBias())}, {"lambd", toFloat(op.getLambda())}};
  });
  addWith<IsInfOp>(emitters, "IsInf", [](IsInfOp op) {
    return NodeAttributes{{"detect_negative", int64_t(op.getDetectNegative())},
                          {"detect_positive", int64_t(op.getDetectPositive())}};
  });
  emitters.add<ClampOp>(emitClamp);
  emitters.add<SwishOp>(emitSwish);
  emitters.add<ModOp>(emitMod);
  emitters.add<BitShiftOp>(emitBitShift);
  emitters.add<CastOp>(emitCast);
}

} // namespace dlc::onnx_export
