// SPDX-License-Identifier: Apache-2.0
// Arithmetic, comparisons, logic and conversions, element by element.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsLogic.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

template <typename OpTy, ElementClass allowed> void importUnary(NodeImporter &node) {
  if (node.expectOperands(1, 1) && expectElements(node, 0, allowed))
    node.setResult(0, node.create<OpTy>(node.getOperand(0)));
}

template <typename OpTy, ElementClass allowed> void importBinary(NodeImporter &node) {
  auto [lhs, rhs] = getBroadcastOperands(node, allowed);
  node.setResult(0, node.create<OpTy>(lhs, rhs));
}

/// Max, Min and Sum of any number of operands; what Mean divides by their number.
template <typename OpTy> Value combineOperands(NodeImporter &node) {
  int64_t count = node.getNumOperands();
  if (!node.expectOperands(1, count) || !node.expectOperands(count, count) ||
      !expectElements(node, 0, ElementClass::Number))
    return {};
  Value result = node.getOperand(0);
  for (int64_t i = 1; i < count; ++i) {
    if (!node.hasFailed() && node.getElementType(i) != node.getElementType(0))
      node.error() << "operands have different element types";
    result = node.create<OpTy>(result, node.getOperand(i));
  }
  return result;
}

template <typename OpTy> void importVariadic(NodeImporter &node) { node.setResult(0, combineOperands<OpTy>(node)); }

void importMean(NodeImporter &node) {
  Value sum = combineOperands<AddOp>(node);
  if (!node.hasFailed() && expectElements(node, 0, ElementClass::Real))
    node.setResult(0, node.create<DivOp>(sum, node.createScalar(node.getElementType(0), node.getNumOperands())));
}

void importMod(NodeImporter &node) {
  auto [lhs, rhs] = getBroadcastOperands(node, ElementClass::Number);
  bool isFmod = node.getFlag("fmod");
  node.setResult(0, node.create<ModOp>(lhs, rhs, isFmod));
}

void importPow(NodeImporter &node) {
  if (node.getOpset() < 7) {
    importBinary<PowOp, ElementClass::Number>(node);
    return;
  }
  if (node.expectOperands(2, 2) && expectElements(node, 0, ElementClass::Number) &&
      expectElements(node, 1, ElementClass::Number))
    node.setResult(0, node.create<PowOp>(node.getOperand(0), node.getOperand(1)));
}

void importBitShift(NodeImporter &node) {
  auto [lhs, rhs] = getBroadcastOperands(node, ElementClass::Integer);
  std::string direction = node.getString("direction", "");
  if (!node.hasFailed() && direction != "LEFT" && direction != "RIGHT")
    node.error() << "direction '" << direction << "' is neither LEFT nor RIGHT";
  node.setResult(0, node.create<BitShiftOp>(lhs, rhs, direction == "LEFT"));
}

/// `limit` as constant number, if it is one. A limit that is NaN is not: it makes every element NaN, as `dlc.max` does.
std::optional<double> getLimit(NodeImporter &node, int64_t i) {
  const KnownValue *known = node.getKnown(i);
  if (!known || known->elements.size() != 1 || !known->isConstant() || std::isnan(known->elements.front().asReal()))
    return std::nullopt;
  return known->elements.front().asReal();
}

void clip(NodeImporter &node, std::optional<double> low, std::optional<double> high) {
  if (!low && !high) {
    node.setTensor(0, node.getTensor(0));
    return;
  }
  auto limit = [&](std::optional<double> value) { return value ? node.real(*value) : FloatAttr(); };
  node.setResult(0, node.create<ClampOp>(node.getOperand(0), limit(low), limit(high)));
}

void importClipAttributes(NodeImporter &node) {
  if (!node.expectOperands(1, 1) || !expectElements(node, 0, ElementClass::Real))
    return;
  auto limit = [&](StringRef name) {
    return node.hasAttribute(name) ? std::optional(node.getReal(name, 0)) : std::nullopt;
  };
  clip(node, limit("min"), limit("max"));
}

void importClip(NodeImporter &node) {
  if (!node.expectOperands(1, 3) || !expectElements(node, 0, ElementClass::Number))
    return;
  for (int64_t i : {1, 2})
    if (node.hasOperand(i) && (node.getElementType(i) != node.getElementType(0) ||
                               constantDim(elementCount(node.getDims(i), node.getContext())) != 1)) {
      node.error() << "limits must be scalars of the operand's element type";
      return;
    }
  bool areConstant = (!node.hasOperand(1) || getLimit(node, 1)) && (!node.hasOperand(2) || getLimit(node, 2));
  if (areConstant && llvm::isa<FloatType>(node.getElementType(0))) {
    clip(node, getLimit(node, 1), getLimit(node, 2));
    return;
  }
  Value result = node.getOperand(0);
  if (node.hasOperand(1))
    result = node.create<MaxOp>(result, node.reshape(node.getOperand(1), {}));
  if (node.hasOperand(2))
    result = node.create<MinOp>(result, node.reshape(node.getOperand(2), {}));
  node.setResult(0, result);
}

void importIsInf(NodeImporter &node) {
  if (node.expectOperands(1, 1) && expectElements(node, 0, ElementClass::Real))
    node.setResult(0, node.create<IsInfOp>(node.getOperand(0), node.getFlag("detect_negative", true),
                                           node.getFlag("detect_positive", true)));
}

void importWhere(NodeImporter &node) {
  if (!node.expectOperands(3, 3) || !expectElements(node, 0, ElementClass::Bool))
    return;
  if (node.getElementType(1) != node.getElementType(2))
    node.error() << "operands have different element types";
  node.setResult(0, node.create<WhereOp>(node.getOperand(0), node.getOperand(1), node.getOperand(2)));
}

void setCast(NodeImporter &node, Type type) {
  if (type && !node.hasFailed())
    node.setResult(0, node.cast(node.getOperand(0), type));
}

/// Until opset 6, `to` names the type.
void importCastToName(NodeImporter &node) {
  std::string name = node.getString("to", "");
  if (!node.expectOperands(1, 1))
    return;
  for (int type = 1; type <= 16; ++type)
    if (getElementTypeName(type) == name)
      if (Type found = onnx_import::getElementType(type, node.getContext())) {
        setCast(node, found);
        return;
      }
  node.error() << "element type '" << name << "' is not supported";
}

void importCast(NodeImporter &node) {
  if (node.expectOperands(1, 1))
    setCast(node, node.getTypeAttribute("to", node.getBuilder().getF32Type()));
}

void importCastLike(NodeImporter &node) {
  if (node.expectOperands(2, 2))
    setCast(node, node.getElementType(1));
}

} // namespace

void registerElementwise(OpRegistry &registry) {
  registry.add("Abs", 1, importUnary<AbsOp, ElementClass::Number>);
  registry.add("Neg", 1, importUnary<NegOp, ElementClass::Number>);
  registry.add("Sign", 9, importUnary<SignOp, ElementClass::Number>);
  registry.add("Ceil", 1, importUnary<CeilOp, ElementClass::Real>);
  registry.add("Floor", 1, importUnary<FloorOp, ElementClass::Real>);
  registry.add("Round", 11, importUnary<RoundOp, ElementClass::Real>);
  registry.add("Sqrt", 1, importUnary<SqrtOp, ElementClass::Real>);
  registry.add("Reciprocal", 1, importUnary<ReciprocalOp, ElementClass::Real>);
  registry.add("Exp", 1, importUnary<ExpOp, ElementClass::Real>);
  registry.add("Log", 1, importUnary<LogOp, ElementClass::Real>);
  registry.add("Erf", 9, importUnary<ErfOp, ElementClass::Real>);
  registry.add("Sin", 7, importUnary<SinOp, ElementClass::Real>);
  registry.add("Cos", 7, importUnary<CosOp, ElementClass::Real>);
  registry.add("Tan", 7, importUnary<TanOp, ElementClass::Real>);
  registry.add("Asin", 7, importUnary<AsinOp, ElementClass::Real>);
  registry.add("Acos", 7, importUnary<AcosOp, ElementClass::Real>);
  registry.add("Atan", 7, importUnary<AtanOp, ElementClass::Real>);
  registry.add("Sinh", 9, importUnary<SinhOp, ElementClass::Real>);
  registry.add("Cosh", 9, importUnary<CoshOp, ElementClass::Real>);
  registry.add("Asinh", 9, importUnary<AsinhOp, ElementClass::Real>);
  registry.add("Acosh", 9, importUnary<AcoshOp, ElementClass::Real>);
  registry.add("Atanh", 9, importUnary<AtanhOp, ElementClass::Real>);
  registry.add("IsNaN", 9, importUnary<IsNanOp, ElementClass::Real>);
  registry.add("IsInf", 10, importIsInf);
  registry.add("Not", 1, importUnary<NotOp, ElementClass::Bool>);
  registry.add("BitwiseNot", 18, importUnary<BitwiseNotOp, ElementClass::Integer>);
  registry.add("Add", 1, importBinary<AddOp, ElementClass::Number>);
  registry.add("Sub", 1, importBinary<SubOp, ElementClass::Number>);
  registry.add("Mul", 1, importBinary<MulOp, ElementClass::Number>);
  registry.add("Div", 1, importBinary<DivOp, ElementClass::Number>);
  registry.add("Mod", 10, importMod);
  registry.add("Pow", 1, importPow);
  registry.add("BitShift", 11, importBitShift);
  registry.add("And", 1, importBinary<AndOp, ElementClass::Bool>);
  registry.add("Or", 1, importBinary<OrOp, ElementClass::Bool>);
  registry.add("Xor", 1, importBinary<XorOp, ElementClass::Bool>);
  registry.add("BitwiseAnd", 18, importBinary<BitwiseAndOp, ElementClass::Integer>);
  registry.add("BitwiseOr", 18, importBinary<BitwiseOrOp, ElementClass::Integer>);
  registry.add("BitwiseXor", 18, importBinary<BitwiseXorOp, ElementClass::Integer>);
  registry.add("Equal", 1, importBinary<EqualOp, ElementClass::Any>);
  registry.add("Greater", 1, importBinary<GreaterOp, ElementClass::Number>);
  registry.add("GreaterOrEqual", 12, importBinary<GreaterOrEqualOp, ElementClass::Number>);
  registry.add("Less", 1, importBinary<LessOp, ElementClass::Number>);
  registry.add("LessOrEqual", 12, importBinary<LessOrEqualOp, ElementClass::Number>);
  registry.add("Max", 1, importVariadic<MaxOp>);
  registry.add("Min", 1, importVariadic<MinOp>);
  registry.add("Sum", 1, importVariadic<AddOp>);
  registry.add("Mean", 1, importMean);
  registry.add("Clip", 1, importClipAttributes);
  registry.add("Clip", 11, importClip);
  registry.add("Where", 9, importWhere);
  registry.add("Cast", 1, importCastToName);
  registry.add("Cast", 6, importCast);
  registry.add("CastLike", 15, importCastLike);
}

} // namespace dlc::onnx_import
