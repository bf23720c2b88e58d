// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/Attributes.h"
#include "llvm/ADT/STLExtras.h"

using namespace dlc::json;
using llvm::StringRef;

const JsonValue *Attributes::find(StringRef key) const {
  if (value)
    if (const JsonValue *given = value->find(key))
      return given;
  const Field *field = llvm::find_if(fields, [&](const Field &field) { return field.name == key; });
  assert(field != fields.end() && "an attribute that is read must be in the table");
  return field->otherwise ? &*field->otherwise : nullptr;
}

const JsonValue &Attributes::get(StringRef key) const {
  const JsonValue *found = find(key);
  assert(found && "an attribute without a default must be required or read with find");
  return *found;
}

bool Attributes::flag(StringRef key) const {
  const JsonValue *found = find(key);
  return found && (found->boolean || found->integer != 0);
}

llvm::SmallVector<int64_t> Attributes::integers(StringRef key) const {
  const JsonValue &found = get(key);
  if (!found.isList())
    return {found.integer};
  return llvm::map_to_vector(found.elements, [](const JsonValue &element) { return element.integer; });
}

llvm::SmallVector<double> Attributes::numbers(StringRef key) const {
  const JsonValue &found = get(key);
  if (!found.isList())
    return {found.number};
  return llvm::map_to_vector(found.elements, [](const JsonValue &element) { return element.number; });
}

std::optional<llvm::SmallVector<int64_t>> Attributes::repeated(StringRef key, size_t count) const {
  const JsonValue &found = get(key);
  if (!found.isList())
    return llvm::SmallVector<int64_t>(count, found.integer);
  if (found.elements.size() != count)
    return std::nullopt;
  return integers(key);
}

Position Attributes::positionOf(StringRef key) const {
  if (value)
    if (const JsonValue *given = value->find(key))
      return given->position;
  return value ? value->position : Position{};
}
