// SPDX-License-Identifier: Apache-2.0
// Arithmetic, comparisons, logic and conversions, element by element.
#include "formats/onnx/OpTable.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/OpenBroadcast.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsBits.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsLogic.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// What every operand but the first adds to the op `op` of those before; null after an error.
Value combineOperands(NodeImporter &node, StringRef op) {
  int64_t count = node.getNumOperands();
  if (!node.expectOperands(1, count) || !node.expectOperands(count, count) ||
      !expectElements(node, 0, ElementClass::Number))
    return {};
  Value result = node.getOperand(0);
  for (int64_t i = 1; i < count; ++i) {
    if (!node.hasFailed() && node.getElementType(i) != node.getElementType(0))
      node.error() << "operands have different element types";
    Value operands[] = {result, node.getOperand(i)};
    broadcastOpenExtents(node, operands);
    result = node.create(op, operands, {});
  }
  return result;
}

Attribute getAttribute(NodeImporter &node, const onnx_format::OpAttribute &attribute) {
  switch (attribute.kind) {
  case onnx_format::OpAttribute::Kind::Number:
    return node.real(node.getReal(attribute.name, attribute.getDefault()));
  case onnx_format::OpAttribute::Kind::Flag:
    return node.flag(node.getFlag(attribute.name, attribute.getDefault() != 0));
  case onnx_format::OpAttribute::Kind::Choice:
    break;
  }
  std::string chosen = node.getString(attribute.name, attribute.otherwise);
  if (!llvm::is_contained(attribute.choices, chosen) && !node.hasFailed())
    node.error() << attribute.name << " '" << chosen << "' is neither " << attribute.choices[0] << " nor "
                 << attribute.choices[1];
  return node.flag(attribute.isTrue == chosen);
}

/// The op that a row of the table describes.
void importRow(NodeImporter &node, const onnx_format::OpRow &row) {
  if (row.isVariadic) {
    node.setResult(0, combineOperands(node, row.op));
    return;
  }
  SmallVector<Value> operands;
  bool isTruncated = false;
  if (row.operands == 2) {
    auto [lhs, rhs] = getBroadcastOperands(node, row.elements);
    operands = {lhs, rhs};
    broadcastOpenExtents(node, operands);
  } else if (node.expectOperands(1, 1)) {
    Type type = node.getElementType(0);
    isTruncated = node.getOpset() < row.integersBefore && llvm::isa_and_nonnull<IntegerType>(type);
    if (expectElements(node, 0, isTruncated ? ElementClass::Integer : row.elements))
      operands = {isTruncated ? node.cast(node.getOperand(0), node.getBuilder().getF64Type()) : node.getOperand(0)};
  }
  SmallVector<NamedAttribute> attributes;
  for (const onnx_format::OpAttribute &attribute : row.attributes)
    attributes.push_back(node.getBuilder().getNamedAttr(attribute.property, getAttribute(node, attribute)));
  Value result = node.create(row.op, operands, attributes);
  node.setResult(0, isTruncated ? node.cast(result, node.getElementType(0)) : result);
}

void importMean(NodeImporter &node) {
  Value sum = combineOperands(node, AddOp::getOperationName());
  if (!node.hasFailed() && expectElements(node, 0, ElementClass::Real))
    node.setResult(0, node.divide(sum, node.createScalar(node.getElementType(0), node.getNumOperands())));
}

void importPow(NodeImporter &node) {
  if (!node.expectOperands(2, 2) || !expectElements(node, 0, ElementClass::Number) ||
      !expectElements(node, 1, ElementClass::Number))
    return;
  Value operands[] = {node.getOperand(0), node.getOperand(1)};
  broadcastOpenExtents(node, operands);
  node.setResult(0, node.create<PowOp>(operands[0], operands[1]));
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

void importWhere(NodeImporter &node) {
  if (!node.expectOperands(3, 3) || !expectElements(node, 0, ElementClass::Bool))
    return;
  if (node.getElementType(1) != node.getElementType(2))
    node.error() << "operands have different element types";
  Value operands[] = {node.getOperand(0), node.getOperand(1), node.getOperand(2)};
  broadcastOpenExtents(node, operands);
  node.setResult(0, node.create<WhereOp>(operands[0], operands[1], operands[2]));
}

void setCast(NodeImporter &node, Type type) {
  if (!type || node.hasFailed())
    return;
  std::string roundMode = node.getString("round_mode", "up");
  if (!llvm::is_contained({"up", "down", "nearest"}, roundMode) && !node.hasFailed())
    node.error() << "round_mode '" << roundMode << "' is not one of up, down and nearest";
  bool isPlain = type.getIntOrFloatBitWidth() > 8 || !llvm::isa<FloatType>(type);
  if (isPlain || node.getElementType(0) == type)
    node.setResult(0, node.cast(node.getOperand(0), type));
  else
    node.setResult(0, node.create<CastOp>(node.getOperand(0), type, node.getFlag("saturate", true), roundMode));
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

void importBitCast(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  if (!node.hasAttribute("to")) {
    node.error() << "lacks the attribute 'to'";
    return;
  }
  Type from = node.getElementType(0), to = node.getTypeAttribute("to", from);
  if (node.hasFailed())
    return;
  if (from == to)
    node.setTensor(0, node.getTensor(0));
  else
    node.setResult(0, node.create<BitCastOp>(node.getOperand(0), TypeAttr::get(to)));
}

void importCastLike(NodeImporter &node) {
  if (node.expectOperands(2, 2))
    setCast(node, node.getElementType(1));
}

} // namespace

void registerElementwise(OpRegistry &registry) {
  for (const onnx_format::OpRow &row : onnx_format::getOpTable())
    if (row.since > 0)
      registry.add(row.name, row.since, [&row](NodeImporter &node) { importRow(node, row); });
  registry.add("Pow", 7, importPow);
  registry.add("Mean", 1, importMean);
  registry.add("Clip", 1, importClipAttributes);
  registry.add("Clip", 11, importClip);
  registry.add("Where", 9, importWhere);
  registry.add("Cast", 1, importCastToName);
  registry.add("Cast", 6, importCast);
  registry.add("CastLike", 15, importCastLike);
  registry.add("BitCast", 26, importBitCast);
}

} // namespace dlc::onnx_import
