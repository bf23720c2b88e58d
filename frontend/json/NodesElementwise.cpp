// SPDX-License-Identifier: Apache-2.0
// Arithmetic, comparisons and logic, element by element, with broadcasting.
#include "frontend/json/Elements.h"
#include "frontend/json/ModelRules.h"
#include "frontend/json/NodeContext.h"
#include "ir/OpsActivation.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsLogic.h"

using namespace mlir;
using namespace dlc::json;

template <typename OpTy> static NodeResults buildUnary(NodeContext &context) {
  return {context.create<OpTy>(context.operand(0))};
}
template <typename OpTy> static NodeResults buildBinary(NodeContext &context) {
  return {context.create<OpTy>(context.operand(0), context.operand(1))};
}
/// One operation between the first operand and every other one.
template <typename OpTy> static NodeResults buildVariadic(NodeContext &context) {
  SmallVector<Value> operands = context.operands();
  Value result = operands.front();
  for (Value operand : ArrayRef(operands).drop_front())
    result = context.create<OpTy>(result, operand);
  return {result};
}
static NodeResults buildMean(NodeContext &context) {
  Value sum = buildVariadic<dlc::AddOp>(context).front();
  if (!sum)
    return {sum};
  return {context.create<dlc::DivOp>(sum, context.constant(context.inputs.size(), typeOf(sum).getElementType()))};
}
static NodeResults buildIsInf(NodeContext &context) {
  return {context.create<dlc::IsInfOp>(context.operand(0), context.flag("detect_negative"),
                                       context.flag("detect_positive"))};
}
static NodeResults buildMod(NodeContext &context) {
  return {context.create<dlc::ModOp>(context.operand(0), context.operand(1), context.flag("fmod"))};
}
static NodeResults buildBitShift(NodeContext &context) {
  return {context.create<dlc::BitShiftOp>(context.operand(0), context.operand(1),
                                          context.attributes.string("direction") == "LEFT")};
}
static NodeResults buildWhere(NodeContext &context) {
  return {context.create<dlc::WhereOp>(context.operand(0), context.operand(1), context.operand(2))};
}
static NodeResults buildCast(NodeContext &context) {
  return {context.create<dlc::CastOp>(context.operand(0),
                                      getElementType(context.attributes.string("to"), context.builder.getContext()))};
}

/// Limits are attributes or inputs; constant ones of floating-point tensors become one `dlc.clamp`.
static NodeResults buildClip(NodeContext &context) {
  Value x = context.operand(0);
  if (!x)
    return {x};
  Type type = typeOf(x).getElementType();
  auto constantLimit = [&](StringRef key, size_t input) -> std::optional<double> {
    if (const JsonValue *value = context.attributes.find(key))
      return value->number;
    if (context.hasInput(input) && context.inputs[input].literal && context.inputs[input].literal->isNumber())
      return context.inputs[input].literal->number;
    return std::nullopt;
  };
  std::optional<double> low = constantLimit("min", 1), high = constantLimit("max", 2);
  bool isConstant = (low || !context.hasInput(1)) && (high || !context.hasInput(2));
  if (isConstant && isa<FloatType>(type)) {
    auto attribute = [&](std::optional<double> limit) {
      return limit ? context.builder.getF64FloatAttr(*limit) : FloatAttr();
    };
    return {context.create<dlc::ClampOp>(x, attribute(low), attribute(high))};
  }
  if (low || context.hasInput(1))
    x = context.create<dlc::MaxOp>(x, low ? context.constant(*low, type) : context.operand(1));
  if (high || context.hasInput(2))
    x = context.create<dlc::MinOp>(x, high ? context.constant(*high, type) : context.operand(2));
  return {x};
}

void dlc::json::addElementwiseNodes(std::vector<NodeKind> &kinds) {
  auto unary = [&](std::string name, NodeResults (*build)(NodeContext &), std::vector<Field> fields = {}) {
    kinds.push_back({std::move(name), 1, 1, 1, std::move(fields), build});
  };
  auto binary = [&](std::string name, NodeResults (*build)(NodeContext &), std::vector<Field> fields = {}) {
    kinds.push_back({std::move(name), 2, 2, 1, std::move(fields), build});
  };
  auto variadic = [&](std::string name, NodeResults (*build)(NodeContext &)) {
    kinds.push_back({std::move(name), 1, SIZE_MAX, 1, {}, build});
  };
  unary("Abs", buildUnary<dlc::AbsOp>);
  unary("Neg", buildUnary<dlc::NegOp>);
  unary("Sign", buildUnary<dlc::SignOp>);
  unary("Ceil", buildUnary<dlc::CeilOp>);
  unary("Floor", buildUnary<dlc::FloorOp>);
  unary("Round", buildUnary<dlc::RoundOp>);
  unary("Sqrt", buildUnary<dlc::SqrtOp>);
  unary("Reciprocal", buildUnary<dlc::ReciprocalOp>);
  unary("Exp", buildUnary<dlc::ExpOp>);
  unary("Log", buildUnary<dlc::LogOp>);
  unary("Erf", buildUnary<dlc::ErfOp>);
  unary("Sin", buildUnary<dlc::SinOp>);
  unary("Cos", buildUnary<dlc::CosOp>);
  unary("Tan", buildUnary<dlc::TanOp>);
  unary("Asin", buildUnary<dlc::AsinOp>);
  unary("Acos", buildUnary<dlc::AcosOp>);
  unary("Atan", buildUnary<dlc::AtanOp>);
  unary("Sinh", buildUnary<dlc::SinhOp>);
  unary("Cosh", buildUnary<dlc::CoshOp>);
  unary("Asinh", buildUnary<dlc::AsinhOp>);
  unary("Acosh", buildUnary<dlc::AcoshOp>);
  unary("Atanh", buildUnary<dlc::AtanhOp>);
  unary("IsNaN", buildUnary<dlc::IsNanOp>);
  unary("IsInf", buildIsInf,
        {optional("detect_negative", flagRule(), "1", "Whether -infinity counts"),
         optional("detect_positive", flagRule(), "1", "Whether infinity counts")});
  unary("Not", buildUnary<dlc::NotOp>);
  unary("BitwiseNot", buildUnary<dlc::BitwiseNotOp>);
  unary("Cast", buildCast, {required("to", getElementTypeRule(), "Element type of the result")});
  binary("Add", buildBinary<dlc::AddOp>);
  binary("Sub", buildBinary<dlc::SubOp>);
  binary("Mul", buildBinary<dlc::MulOp>);
  binary("Div", buildBinary<dlc::DivOp>);
  binary("Pow", buildBinary<dlc::PowOp>);
  binary("Mod", buildMod, {optional("fmod", flagRule(), "0", "Whether the result has the sign of the dividend")});
  binary("PRelu", buildBinary<dlc::PReluOp>);
  binary("Equal", buildBinary<dlc::EqualOp>);
  binary("Greater", buildBinary<dlc::GreaterOp>);
  binary("GreaterOrEqual", buildBinary<dlc::GreaterOrEqualOp>);
  binary("Less", buildBinary<dlc::LessOp>);
  binary("LessOrEqual", buildBinary<dlc::LessOrEqualOp>);
  binary("And", buildBinary<dlc::AndOp>);
  binary("Or", buildBinary<dlc::OrOp>);
  binary("Xor", buildBinary<dlc::XorOp>);
  binary("BitwiseAnd", buildBinary<dlc::BitwiseAndOp>);
  binary("BitwiseOr", buildBinary<dlc::BitwiseOrOp>);
  binary("BitwiseXor", buildBinary<dlc::BitwiseXorOp>);
  binary("BitShift", buildBitShift, {required("direction", choice({"LEFT", "RIGHT"}), "Which way bits move")});
  variadic("Max", buildVariadic<dlc::MaxOp>);
  variadic("Min", buildVariadic<dlc::MinOp>);
  variadic("Sum", buildVariadic<dlc::AddOp>);
  variadic("Mean", buildMean);
  kinds.push_back({"Where", 3, 3, 1, {}, buildWhere});
  kinds.push_back({"Clip",
                   1,
                   3,
                   1,
                   {optional("min", number(), "", "Lower limit; also the second input"),
                    optional("max", number(), "", "Upper limit; also the third input")},
                   buildClip});
}
