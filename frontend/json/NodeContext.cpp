// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/NodeContext.h"
#include "frontend/json/Elements.h"
#include "frontend/json/NestedNumbers.h"

using namespace mlir;
using namespace dlc::json;

Value NodeContext::operand(size_t i, Type literalType) {
  if (i >= inputs.size())
    return {};
  NodeInput &input = inputs[i];
  if (input.tensor || !input.literal)
    return input.tensor;
  const JsonValue *first = input.literal;
  while (first->isList() && !first->elements.empty())
    first = &first->elements.front();
  Type elementType = first->kind == JsonValue::Kind::Boolean ? Type(builder.getI1Type()) : Type(builder.getF32Type());
  for (const NodeInput &other : inputs)
    if (other.tensor && !typeOf(other.tensor).getElementType().isInteger(1)) {
      elementType = typeOf(other.tensor).getElementType();
      break;
    }
  if (literalType)
    elementType = literalType;
  auto type = RankedTensorType::get(getNestedShape(*input.literal), elementType);
  std::string what = "input " + std::to_string(i + 1) + " of " + label;
  std::optional<std::vector<char>> bytes =
      readNestedNumbers(*input.literal, type.getShape(), elementType, what, reporter);
  if (!bytes)
    return {};
  if (elementType.isInteger(1)) {
    SmallVector<bool> bits(bytes->begin(), bytes->end());
    input.tensor = constant(DenseElementsAttr::get(type, ArrayRef<bool>(bits)));
  } else {
    input.tensor = constant(cast<ElementsAttr>(DenseElementsAttr::getFromRawBuffer(type, *bytes)));
  }
  return input.tensor;
}

SmallVector<Value> NodeContext::operands() {
  SmallVector<Value> result;
  for (size_t i = 0; i < inputs.size(); ++i)
    result.push_back(operand(i));
  return result;
}

std::optional<SmallVector<int64_t>> NodeContext::integers(StringRef attribute, size_t i, bool &isValid) {
  isValid = true;
  if (attributes.find(attribute))
    return attributes.integers(attribute);
  if (!hasInput(i))
    return std::nullopt;
  const JsonValue *literal = inputs[i].literal;
  if (literal && literal->kind == JsonValue::Kind::Integer)
    return SmallVector<int64_t>{literal->integer};
  if (literal && literal->isList() && llvm::all_of(literal->elements, [](const JsonValue &element) {
        return element.kind == JsonValue::Kind::Integer;
      }))
    return llvm::map_to_vector(literal->elements, [](const JsonValue &element) { return element.integer; });
  isValid = false;
  error("needs integers as its input " + Twine(i + 1) + " or as the attribute '" + attribute + "', not a tensor");
  return std::nullopt;
}

std::optional<int64_t> NodeContext::axis(int64_t rank, StringRef key) {
  int64_t axis = attributes.integer(key);
  if (axis < -rank || axis >= rank) {
    error(key, "has no axis " + Twine(axis) + " in an input of rank " + Twine(rank));
    return std::nullopt;
  }
  return axis < 0 ? axis + rank : axis;
}

std::optional<SmallVector<int64_t>> NodeContext::axes(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    if (axis < -rank || axis >= rank) {
      error("has no axis " + Twine(axis) + " in " + Twine(rank) + " dimensions");
      return std::nullopt;
    }
    result.push_back(axis < 0 ? axis + rank : axis);
  }
  llvm::sort(result);
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) {
    error("names an axis twice");
    return std::nullopt;
  }
  return result;
}

bool NodeContext::expectRankOf(size_t i, int64_t rank) {
  Value value = operand(i);
  if (value && typeOf(value).getRank() >= rank)
    return true;
  if (value)
    error("expects an input of rank " + Twine(rank) + " or more, got " + describeTensor(value));
  return false;
}

RulePtr dlc::json::flagRule() { return defined("flag", either({boolean(), integer(0, 1)})); }
