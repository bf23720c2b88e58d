// SPDX-License-Identifier: Apache-2.0
#include "formats/json/Document.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/JSON.h"
#include <cmath>
#include <nlohmann/json.hpp>

using namespace dlc::json;
using llvm::StringRef;

const JsonValue *JsonValue::find(StringRef key) const {
  if (positions) {
    auto found = positions->find(key);
    return found == positions->end() ? nullptr : &members[found->second].value;
  }
  for (const Member &member : members)
    if (member.key == key)
      return &member.value;
  return nullptr;
}

std::string JsonValue::describe() const {
  switch (kind) {
  case Kind::Null:
    return "null";
  case Kind::Boolean:
    return boolean ? "true" : "false";
  case Kind::Integer:
    return std::to_string(integer);
  case Kind::Number: {
    char text[32];
    snprintf(text, sizeof(text), number == std::floor(number) && std::abs(number) < 1e9 ? "%.1f" : "%.9g", number);
    return text;
  }
  case Kind::String:
    return "\"" + (string.size() <= 60 ? string : string.substr(0, 60) + "...") + "\"";
  case Kind::List:
    return elements.empty() ? "an empty list" : "a list";
  case Kind::Object:
    return "an object";
  }
  return "";
}

namespace {

/// Objects and lists nested deeper than this are an error: nothing in a model needs it, and everything after the parser
/// walks the tree recursively.
constexpr size_t maxDepth = 64;

/// Builds the tree from nlohmann's parser events. The parser does not say where a token starts, but its events come in
/// the order of the input and everything before an event is valid JSON, so a cursor that skips white space and
/// separators follows it.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
public:
  TreeBuilder(StringRef text, const ReportError &report)
      : text(text), report(report), cursor(text.starts_with("\xEF\xBB\xBF") ? 3 : 0) {}

  JsonValue root;

  bool null() override { return add(JsonValue::Kind::Null) != nullptr; }
  bool boolean(bool value) override { return add(JsonValue::Kind::Boolean)->boolean = value, true; }
  bool number_integer(number_integer_t value) override { return addInteger(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(INT64_MAX))
      return addNumber(static_cast<double>(value));
    return addInteger(static_cast<int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t &) override { return addNumber(value); }
  bool string(string_t &value) override { return add(JsonValue::Kind::String)->string = value, true; }
  bool binary(binary_t &) override { return false; }
  bool start_object(std::size_t) override { return open(JsonValue::Kind::Object); }
  bool start_array(std::size_t) override { return open(JsonValue::Kind::List); }
  bool end_object() override {
    // Weights and parameters of a deep model are many members.
    constexpr size_t few = 16;
    JsonValue *object = parents.back();
    if (object->members.size() > few) {
      auto positions = std::make_shared<llvm::StringMap<size_t>>();
      for (auto [position, member] : llvm::enumerate(object->members))
        positions->try_emplace(member.key, position);
      object->positions = std::move(positions);
    }
    return close();
  }
  bool end_array() override { return close(); }

  bool key(string_t &value) override {
    Position position = startToken();
    skipToken();
    JsonValue *object = parents.back();
    // Linear look-ups would make an object of many keys slow to read.
    if (!keys.back().insert(value).second)
      report(position, "key '" + value + "' is given twice");
    object->members.push_back({value, position, {}});
    return true;
  }

  bool parse_error(std::size_t byte, const std::string &, const nlohmann::detail::exception &error) override {
    // Messages read "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while parsing ...".
    StringRef message = error.what();
    if (size_t at = message.find("syntax error"); at != StringRef::npos)
      message = message.substr(at);
    else if (size_t end = message.find("] "); end != StringRef::npos)
      message = message.substr(end + 2);
    // Messages quote the input, which may not be UTF-8.
    report(positionOf(byte == 0 ? 0 : byte - 1), llvm::json::fixUTF8(message));
    return false;
  }

private:
  /// Line and column of a byte; offsets must not decrease from call to call.
  Position positionOf(size_t offset) {
    offset = std::min(offset, text.size());
    while (newline < offset) {
      ++lineNumber;
      lineStart = newline + 1;
      newline = text.find('\n', lineStart);
    }
    return {lineNumber, static_cast<unsigned>(offset - lineStart + 1)};
  }

  Position startToken() {
    while (cursor < text.size() && StringRef(" \t\r\n,:").contains(text[cursor]))
      ++cursor;
    return positionOf(cursor);
  }
  void skipToken() {
    if (cursor >= text.size())
      return;
    if (text[cursor] == '"') {
      for (++cursor; cursor < text.size() && text[cursor] != '"'; ++cursor)
        cursor += text[cursor] == '\\';
      ++cursor;
    } else if (StringRef("{}[]").contains(text[cursor])) {
      ++cursor;
    } else {
      while (cursor < text.size() && !StringRef(" \t\r\n,:{}[]").contains(text[cursor]))
        ++cursor;
    }
  }

  JsonValue *add(JsonValue::Kind kind) {
    Position position = startToken();
    skipToken();
    JsonValue *value = &root;
    if (!parents.empty()) {
      JsonValue *parent = parents.back();
      value = parent->isList() ? &parent->elements.emplace_back() : &parent->members.back().value;
    }
    value->kind = kind;
    value->position = position;
    return value;
  }
  bool addInteger(int64_t integer) {
    JsonValue *value = add(JsonValue::Kind::Integer);
    value->integer = integer;
    value->number = static_cast<double>(integer);
    return true;
  }
  bool addNumber(double number) { return add(JsonValue::Kind::Number)->number = number, true; }
  bool open(JsonValue::Kind kind) {
    JsonValue *value = add(kind);
    if (parents.size() >= maxDepth) {
      report(value->position, "nested deeper than " + std::to_string(maxDepth) + " levels");
      return false;
    }
    // A parent gets no further elements while a child is open, so that pointers into it stay valid.
    parents.push_back(value);
    keys.emplace_back();
    return true;
  }
  bool close() {
    startToken();
    skipToken();
    parents.pop_back();
    keys.pop_back();
    return true;
  }

  StringRef text;
  const ReportError &report;
  size_t cursor; ///< start of the next token, or blanks and separators before it
  unsigned lineNumber = 1;
  size_t lineStart = 0, newline = text.find('\n');
  std::vector<JsonValue *> parents;
  std::vector<llvm::StringSet<>> keys;
};

} // namespace

std::optional<JsonValue> dlc::json::parseDocument(StringRef text, const ReportError &report) {
  TreeBuilder builder(text, report);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder))
    return std::nullopt;
  return std::move(builder.root);
}
