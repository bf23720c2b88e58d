// SPDX-License-Identifier: Apache-2.0
// Nodes of ONNX operations that have no rules of their own here: they become what the same nodes of an ONNX model do.
#include "frontend/json/Elements.h"
#include "frontend/json/NestedNumbers.h"
#include "frontend/json/NodeKinds.h"
#include "frontend/onnx/SingleNode.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace dlc::json;
using dlc::onnx_import::SingleAttribute;
using dlc::onnx_import::SingleNode;
using dlc::onnx_import::SingleOperand;

/// The first number or truth value of nested lists; null in empty ones.
static const JsonValue *getFirst(const JsonValue &value) {
  const JsonValue *first = &value;
  while (first->isList())
    first = first->elements.empty() ? nullptr : &first->elements.front();
  return first;
}

static bool holdsReals(const JsonValue &value) {
  return value.isList() ? llvm::any_of(value.elements, holdsReals) : value.kind == JsonValue::Kind::Number;
}

/// Numbers as an operand: integers as i64, truth values as i1, all others in the type of the first tensor of
/// floating-point numbers among the inputs.
static std::optional<SingleOperand> readNumbers(const JsonValue &literal, NodeContext &context, size_t number) {
  Builder &builder = context.builder;
  const JsonValue *first = getFirst(literal);
  SingleOperand operand;
  if (first && first->kind == JsonValue::Kind::Boolean) {
    operand.elementType = builder.getI1Type();
  } else if (!holdsReals(literal)) {
    operand.elementType = builder.getI64Type();
  } else {
    operand.elementType = builder.getF32Type();
    for (const NodeInput &other : llvm::reverse(context.inputs))
      if (other.tensor && llvm::isa<FloatType>(typeOf(other.tensor).getElementType()))
        operand.elementType = typeOf(other.tensor).getElementType();
  }
  operand.shape = getNestedShape(literal);
  std::optional<std::vector<char>> bytes =
      readNestedNumbers(literal, operand.shape, operand.elementType,
                        "input " + std::to_string(number + 1) + " of " + context.label, context.reporter);
  if (!bytes)
    return std::nullopt;
  operand.bytes = std::move(*bytes);
  return operand;
}

/// Adds a value, or an element of a list, to `attribute`. Reals among integers make all of them real.
static void addValue(const JsonValue &value, bool areReal, SingleAttribute &attribute) {
  if (value.isString()) {
    attribute.kind = SingleAttribute::Kind::Strings;
    attribute.strings.push_back(value.string);
  } else if (value.isNumber() && areReal) {
    attribute.kind = SingleAttribute::Kind::Reals;
    attribute.reals.push_back(value.number);
  } else {
    attribute.integers.push_back(value.kind == JsonValue::Kind::Boolean ? value.boolean : value.integer);
  }
}

static SingleAttribute readAttribute(const Member &member) {
  SingleAttribute attribute;
  attribute.name = member.key;
  attribute.isList = member.value.isList();
  bool areReal = holdsReals(member.value);
  if (!attribute.isList)
    addValue(member.value, areReal, attribute);
  for (const JsonValue &element : member.value.elements)
    addValue(element, areReal, attribute);
  return attribute;
}

NodeResults dlc::json::buildSingleNode(NodeContext &context, const std::string &op, const CustomOps *customOps) {
  SingleNode node;
  node.customOps = customOps;
  node.name = context.name;
  node.op = op;
  for (auto [i, input] : llvm::enumerate(context.inputs)) {
    SingleOperand &operand = node.operands.emplace_back();
    operand.value = input.tensor;
    if (input.tensor || !input.literal)
      continue;
    std::optional<SingleOperand> numbers = readNumbers(*input.literal, context, i);
    if (!numbers)
      return {};
    operand = std::move(*numbers);
  }
  if (const JsonValue *attributes = context.attributes.getObject())
    for (const Member &member : attributes->members)
      if (!customOps || member.key != customOpKey)
        node.attributes.push_back(readAttribute(member));
  for (size_t i = 0; i < context.outputCount; ++i)
    node.results.push_back(context.hasOutput(i));
  FailureOr<SmallVector<Value>> results =
      dlc::onnx_import::importSingleNode(node, context.builder, context.reporter.at(context.position));
  if (succeeded(results))
    return *results;
  context.reporter.noteError();
  return {};
}

void dlc::json::addOnnxNodes(std::vector<NodeKind> &kinds) {
  llvm::StringSet<> known;
  for (const NodeKind &kind : kinds)
    known.insert(kind.name);
  for (const std::string &op : onnx_import::getSingleOps()) {
    if (known.contains(op))
      continue;
    NodeKind kind{op, 0, SIZE_MAX, SIZE_MAX, {}, [op](NodeContext &context) { return buildSingleNode(context, op); }};
    kind.isOpen = true;
    kinds.push_back(std::move(kind));
  }
}
