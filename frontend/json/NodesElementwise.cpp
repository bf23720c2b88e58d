// SPDX-License-Identifier: Apache-2.0
// Arithmetic, comparisons and logic, element by element, with broadcasting.
#include "frontend/json/Elements.h"
#include "frontend/json/NodeKinds.h"
#include "frontend/json/OpTableFields.h"
#include "frontend/json/TensorRules.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConversion.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsLogic.h"

using namespace mlir;
using namespace dlc::json;

/// One operation between the first operand and every other one.
static Value combineOperands(NodeContext &context, StringRef op) {
  SmallVector<Value> operands = context.operands();
  Value result = operands.front();
  for (Value operand : ArrayRef(operands).drop_front())
    result = context.create(op, {result, operand}, {});
  return result;
}
/// The op that a row of the table describes.
static NodeResults buildRow(NodeContext &context, const dlc::onnx_format::OpRow &row) {
  if (row.isVariadic)
    return {combineOperands(context, row.op)};
  SmallVector<Value> operands;
  for (size_t i = 0; i < row.operands; ++i)
    operands.push_back(context.operand(i));
  return {context.create(row.op, operands, getOpAttributes(context.builder, context.attributes, row))};
}
static NodeResults buildMean(NodeContext &context) {
  Value sum = combineOperands(context, dlc::AddOp::getOperationName());
  if (!sum)
    return {sum};
  return {context.divide(sum, context.constant(context.inputs.size(), typeOf(sum).getElementType()))};
}
static NodeResults buildIdentity(NodeContext &context) { return {context.operand(0)}; }
static NodeResults buildWhere(NodeContext &context) {
  return {context.create<dlc::WhereOp>(context.operand(0), context.operand(1), context.operand(2))};
}
static NodeResults buildCast(NodeContext &context) {
  return {context.create<dlc::CastOp>(context.operand(0),
                                      getElementType(context.attributes.string("to"), context.builder.getContext()),
                                      context.attributes.flag("saturate"), context.attributes.string("round_mode"))};
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
  for (const dlc::onnx_format::OpRow &row : dlc::onnx_format::getOpTable())
    kinds.push_back({row.name, row.isVariadic ? 1 : row.operands, row.isVariadic ? SIZE_MAX : row.operands, 1,
                     getNodeFields(row), [&row](NodeContext &context) { return buildRow(context, row); }});
  kinds.push_back({"Mean", 1, SIZE_MAX, 1, {}, buildMean});
  kinds.push_back({"Identity", 1, 1, 1, {}, buildIdentity});
  kinds.push_back(
      {"Cast",
       1,
       1,
       1,
       {required("to", getElementTypeRule(), "Element type of the result"),
        optional("saturate", flagRule(), "1", "Whether what is too large for f8 becomes its largest number"),
        optional("round_mode", choice({"up", "down", "nearest"}), "\"up\"", "How f8e8m0fnu is rounded")},
       buildCast});
  kinds.push_back({"Where", 3, 3, 1, {}, buildWhere});
  kinds.push_back({"Clip",
                   1,
                   3,
                   1,
                   {optional("min", number(), "", "Lower limit; also the second input"),
                    optional("max", number(), "", "Upper limit; also the third input")},
                   buildClip});
}
