// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/NestedNumbers.h"
#include "frontend/json/Elements.h"

using namespace mlir;
using namespace dlc::json;

SmallVector<int64_t> dlc::json::getNestedShape(const JsonValue &value) {
  SmallVector<int64_t> shape;
  for (const JsonValue *level = &value; level->isList(); level = &level->elements.front()) {
    shape.push_back(level->elements.size());
    if (level->elements.empty())
      break;
  }
  return shape;
}

namespace {
class NestedReader {
public:
  NestedReader(ArrayRef<int64_t> shape, Type elementType, const std::string &what, Reporter &reporter)
      : shape(shape), elementType(elementType), what(what), reporter(reporter), size(getElementSize(elementType)) {}

  bool readLevel(const JsonValue &value, size_t depth) {
    if (depth == shape.size())
      return readElement(value);
    if (!value.isList() || value.elements.size() != static_cast<size_t>(shape[depth])) {
      std::string found = value.isList() ? "a list of " + std::to_string(value.elements.size()) : value.describe();
      reporter.error(value.position, what + " must have the shape " + formatShape(shape) + "; here a list of " +
                                         std::to_string(shape[depth]) + " is expected, not " + found);
      return false;
    }
    return llvm::all_of(value.elements, [&](const JsonValue &element) { return readLevel(element, depth + 1); });
  }

  bool readElement(const JsonValue &value) {
    size_t at = bytes.size();
    bytes.resize(at + size);
    if (isa<FloatType>(elementType) && value.isNumber()) {
      storeFloat(value.number, elementType, &bytes[at]);
      return true;
    }
    bool isBit = elementType.isInteger(1) && value.kind == JsonValue::Kind::Boolean;
    if (isBit || (value.kind == JsonValue::Kind::Integer && !isa<FloatType>(elementType)))
      if (storeInteger(isBit ? value.boolean : value.integer, elementType, &bytes[at]))
        return true;
    reporter.error(value.position, what + " must hold elements of type " + getElementTypeName(elementType) + ", not " +
                                       value.describe());
    return false;
  }

  std::vector<char> bytes;

private:
  ArrayRef<int64_t> shape;
  Type elementType;
  const std::string &what;
  Reporter &reporter;
  size_t size;
};
} // namespace

std::optional<std::vector<char>> dlc::json::readNestedNumbers(const JsonValue &value, ArrayRef<int64_t> shape,
                                                              Type elementType, const std::string &what,
                                                              Reporter &reporter) {
  NestedReader reader(shape, elementType, what, reporter);
  if (!value.isList() && !shape.empty()) {
    if (!reader.readElement(value))
      return std::nullopt;
    std::vector<char> element = reader.bytes, bytes;
    uint64_t count = *getByteCount(shape, elementType) / element.size();
    bytes.reserve(count * element.size());
    for (uint64_t i = 0; i < count; ++i)
      bytes.insert(bytes.end(), element.begin(), element.end());
    return bytes;
  }
  if (!reader.readLevel(value, 0))
    return std::nullopt;
  return std::move(reader.bytes);
}
