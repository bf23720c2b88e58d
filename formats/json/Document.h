// SPDX-License-Identifier: Apache-2.0
/// \file
/// JSON as a tree in which every key and value knows its line and column.
#ifndef DLC_FORMATS_JSON_DOCUMENT_H
#define DLC_FORMATS_JSON_DOCUMENT_H

#include "llvm/ADT/StringMap.h"
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dlc::json {

/// A location in a file; lines and columns (in bytes) count from 1. Line 0 means the file as a whole.
struct Position {
  unsigned line = 0, column = 0;
};

struct Member;

/// A value of a JSON document. Exactly the fields that belong to `kind` hold something.
struct JsonValue {
  enum class Kind { Null, Boolean, Integer, Number, String, List, Object };
  Kind kind = Kind::Null;
  Position position;
  bool boolean = false;
  int64_t integer = 0;             ///< Integer
  double number = 0;               ///< Number, and Integer as a floating-point number
  std::string string;              ///< String, UTF-8
  std::vector<JsonValue> elements; ///< List
  std::vector<Member> members;     ///< Object, in the order of the file
  std::shared_ptr<const llvm::StringMap<size_t>>
      positions; ///< of an object's many members by key; null if they are few

  bool isNumber() const { return kind == Kind::Integer || kind == Kind::Number; }
  bool isString() const { return kind == Kind::String; }
  bool isList() const { return kind == Kind::List; }
  bool isObject() const { return kind == Kind::Object; }
  /// The value of an object's member, or null (also if this is not an object).
  const JsonValue *find(llvm::StringRef key) const;
  /// What a message says was found: `16`, `"same"`, `a list`, `an object`.
  std::string describe() const;
};

/// A key of an object with its value.
struct Member {
  std::string key;
  Position position; ///< of the key
  JsonValue value;
};

/// Called for every problem found.
using ReportError = std::function<void(Position, const std::string &)>;

/// Reads one JSON document. Returns nothing if the input is not JSON (RFC 8259, UTF-8), is nested deeper than 64
/// levels or holds a number outside its type; a key given twice is reported but does not stop reading.
std::optional<JsonValue> parseDocument(llvm::StringRef text, const ReportError &report);

} // namespace dlc::json

#endif // DLC_FORMATS_JSON_DOCUMENT_H
