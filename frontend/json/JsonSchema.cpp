// SPDX-License-Identifier: Apache-2.0
// The JSON Schema (draft 2020-12) of the model format, made from the rules that check models.
#include "frontend/json/ImportJson.h"
#include "frontend/json/ModelRules.h"
#include "llvm/Support/Regex.h"
#include <nlohmann/json.hpp>

using namespace dlc::json;
using Json = nlohmann::ordered_json;

namespace {

Json toJson(const JsonValue &value) {
  switch (value.kind) {
  case JsonValue::Kind::Null:
    return nullptr;
  case JsonValue::Kind::Boolean:
    return value.boolean;
  case JsonValue::Kind::Integer:
    return value.integer;
  case JsonValue::Kind::Number:
    return value.number;
  case JsonValue::Kind::String:
    return value.string;
  case JsonValue::Kind::List: {
    Json list = Json::array();
    for (const JsonValue &element : value.elements)
      list.push_back(toJson(element));
    return list;
  }
  case JsonValue::Kind::Object: {
    Json object = Json::object();
    for (const Member &member : value.members)
      object[member.key] = toJson(member.value);
    return object;
  }
  }
  return nullptr;
}

Json number(double value) {
  return value == static_cast<double>(static_cast<int64_t>(value)) ? Json(static_cast<int64_t>(value)) : Json(value);
}

class SchemaEmitter {
public:
  Json emit(const Rule &rule) {
    if (rule.kind == Rule::Kind::Deferred)
      return emit(*rule.target());
    if (rule.definition.empty())
      return emitInline(rule);
    if (!definitions.contains(rule.definition)) {
      // Entered first, so that a rule that contains itself ends.
      definitions[rule.definition] = Json();
      Json schema = emitInline(rule);
      definitions[rule.definition] = std::move(schema);
    }
    return {{"$ref", "#/$defs/" + rule.definition}};
  }
  Json definitions = Json::object();

private:
  Json emitObject(llvm::ArrayRef<Field> fields, const std::string &tag, const Variant *variant) {
    Json schema = {{"type", "object"}}, properties = Json::object(), required = Json::array();
    if (variant) {
      schema["description"] = variant->summary;
      properties[tag] = {{"const", variant->name}};
      required.push_back(tag);
    }
    for (const Field &field : fields) {
      Json property = emit(*field.rule);
      property["description"] = field.summary;
      if (field.otherwise)
        property["default"] = toJson(*field.otherwise);
      properties[field.name] = std::move(property);
      if (field.isRequired)
        required.push_back(field.name);
    }
    schema["properties"] = std::move(properties);
    if (!required.empty())
      schema["required"] = std::move(required);
    schema["additionalProperties"] = false;
    return schema;
  }

  Json emitInline(const Rule &rule) {
    switch (rule.kind) {
    case Rule::Kind::Anything:
      return Json::object();
    case Rule::Kind::Boolean:
      return {{"type", "boolean"}};
    case Rule::Kind::Integer:
    case Rule::Kind::Number: {
      Json schema = {{"type", rule.kind == Rule::Kind::Integer ? "integer" : "number"}};
      if (rule.minimum)
        schema["minimum"] = number(*rule.minimum);
      if (rule.maximum)
        schema["maximum"] = number(*rule.maximum);
      return schema;
    }
    case Rule::Kind::String: {
      Json schema = {{"type", "string"}};
      if (!rule.suffix.empty())
        schema["pattern"] = llvm::Regex::escape(rule.suffix) + "$";
      return schema;
    }
    case Rule::Kind::Choice:
      return {{"enum", rule.choices}};
    case Rule::Kind::List: {
      Json schema = {{"type", "array"}, {"items", emit(*rule.element)}};
      if (rule.minCount)
        schema["minItems"] = rule.minCount;
      if (rule.maxCount != SIZE_MAX)
        schema["maxItems"] = rule.maxCount;
      return schema;
    }
    case Rule::Kind::Object:
      return emitObject(rule.fields, "", nullptr);
    case Rule::Kind::Map:
      return {{"type", "object"}, {"additionalProperties", emit(*rule.element)}};
    case Rule::Kind::Variant: {
      Json variants = Json::array();
      for (const Variant &variant : rule.variants)
        variants.push_back(emitObject(variant.fields, rule.tag, &variant));
      return {{"type", "object"}, {"required", {rule.tag}}, {"anyOf", std::move(variants)}};
    }
    case Rule::Kind::Deferred:
      break; // see emit
    case Rule::Kind::Either: {
      Json alternatives = Json::array();
      for (const RulePtr &alternative : rule.alternatives)
        alternatives.push_back(emit(*alternative));
      return {{"anyOf", std::move(alternatives)}};
    }
    }
    return {};
  }
};

} // namespace

/// Appends `json`, on one line if that is short.
static void print(const Json &json, size_t indent, std::string &text) {
  constexpr size_t width = 120;
  std::string line = json.dump();
  if (!json.is_structured() || indent + line.size() <= width) {
    text += line;
    return;
  }
  text += json.is_object() ? "{" : "[";
  const char *separator = "\n";
  for (const auto &item : json.items()) {
    text += separator + std::string(indent + 1, ' ');
    if (json.is_object())
      text += Json(item.key()).dump() + ": ";
    print(item.value(), indent + 1, text);
    separator = ",\n";
  }
  text += "\n" + std::string(indent, ' ') + (json.is_object() ? "}" : "]");
}

std::string dlc::emitJsonSchema() {
  SchemaEmitter emitter;
  Json model = emitter.emit(*getModelRule());
  Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                 {"title", "dlc model"},
                 {"description", "A deep-learning model for the dlc compiler"}};
  schema.update(model);
  schema["$defs"] = std::move(emitter.definitions);
  std::string text;
  print(schema, 0, text);
  return text + "\n";
}
