// SPDX-License-Identifier: Apache-2.0
// Checks a document against rules.
#include "frontend/json/Rules.h"
#include "llvm/ADT/STLExtras.h"

using namespace dlc::json;
using llvm::StringRef;

/// Whether a value of this JSON type could fit `rule`.
static bool hasTypeOf(const Rule &rule, const JsonValue &value) {
  switch (rule.kind) {
  case Rule::Kind::Anything:
    return true;
  case Rule::Kind::Boolean:
    return value.kind == JsonValue::Kind::Boolean;
  case Rule::Kind::Integer:
    return value.kind == JsonValue::Kind::Integer;
  case Rule::Kind::Number:
    return value.isNumber();
  case Rule::Kind::String:
  case Rule::Kind::Choice:
    return value.isString();
  case Rule::Kind::List:
    return value.isList();
  case Rule::Kind::Object:
  case Rule::Kind::Map:
  case Rule::Kind::Variant:
    return value.isObject();
  case Rule::Kind::Deferred:
    return hasTypeOf(*rule.target(), value);
  case Rule::Kind::Either:
    return llvm::any_of(rule.alternatives, [&](const RulePtr &alternative) { return hasTypeOf(*alternative, value); });
  }
  return false;
}

bool dlc::json::isValid(const Rule &rule, const JsonValue &value) {
  Reporter silent;
  return validate(rule, value, "", silent);
}

static bool reportMismatch(const Rule &rule, const JsonValue &value, const std::string &what, Reporter &reporter,
                           const std::string &hint = "") {
  reporter.error(value.position, what + " must be " + rule.describe() + ", got " + value.describe() + hint);
  return false;
}

/// What to suggest for `name`, which is not one of `names`: the one of them that a hint gives for it, else the nearest.
static std::string suggestOf(const NameHints &hints, StringRef name, llvm::ArrayRef<StringRef> names) {
  for (const auto &[elsewhere, here] : hints)
    if (name.equals_insensitive(elsewhere) && llvm::is_contained(names, here))
      return "; did you mean '" + here + "'?";
  return suggest(name, names);
}

static bool validateFields(llvm::ArrayRef<Field> fields, const JsonValue &value, const std::string &what, StringRef tag,
                           Reporter &reporter) {
  bool valid = true;
  for (const Member &member : value.members) {
    if (member.key == tag)
      continue;
    const Field *field = llvm::find_if(fields, [&](const Field &field) { return field.name == member.key; });
    if (field == fields.end()) {
      llvm::SmallVector<StringRef> names;
      for (const Field &known : fields)
        names.push_back(known.name);
      reporter.error(member.position,
                     "unknown key '" + member.key + "' in " + what + suggestOf(getKeyHints(), member.key, names));
      valid = false;
      continue;
    }
    valid &= validate(*field->rule, member.value, "'" + member.key + "' of " + what, reporter);
  }
  for (const Field &field : fields)
    if (field.isRequired && !value.find(field.name)) {
      reporter.error(value.position, what + " lacks '" + field.name + "', " + field.rule->describe());
      valid = false;
    }
  return valid;
}

std::string dlc::json::labelOf(const Rule &rule, const JsonValue &value, size_t index) {
  const JsonValue *name = value.find("name"), *tag = value.find(rule.tag);
  if (name && name->isString())
    return rule.noun + " '" + name->string + "'";
  std::string kind = tag && tag->isString() ? " (" + tag->string + ")" : "";
  return rule.noun + " " + std::to_string(index + 1) + kind;
}

static bool validateVariant(const Rule &rule, const JsonValue &value, const std::string &what, Reporter &reporter) {
  const JsonValue *tag = value.find(rule.tag);
  if (!tag || !tag->isString()) {
    if (tag)
      reporter.error(tag->position, "'" + rule.tag + "' of " + what + " must be a string, got " + tag->describe());
    else
      reporter.error(value.position, what + " lacks '" + rule.tag + "'");
    return false;
  }
  for (const Variant &variant : rule.variants)
    if (variant.name == tag->string)
      return validateFields(variant.fields, value, what, rule.tag, reporter);
  llvm::SmallVector<StringRef> names;
  for (const Variant &variant : rule.variants)
    names.push_back(variant.name);
  reporter.error(tag->position, "unknown " + rule.noun + " " + rule.tag + " '" + tag->string + "'" +
                                    suggestOf(rule.hints, tag->string, names));
  return false;
}

bool dlc::json::validate(const Rule &rule, const JsonValue &value, const std::string &what, Reporter &reporter) {
  if (rule.kind == Rule::Kind::Deferred)
    return validate(*rule.target(), value, what, reporter);
  if (rule.kind == Rule::Kind::Either) {
    // Alternatives of one JSON type (a list of integers or of pairs) are tried in order; the last one's complaint is
    // shown.
    llvm::SmallVector<const Rule *> candidates;
    for (const RulePtr &alternative : rule.alternatives)
      if (hasTypeOf(*alternative, value))
        candidates.push_back(alternative.get());
    if (candidates.empty())
      return reportMismatch(rule, value, what, reporter);
    for (const Rule *candidate : llvm::ArrayRef(candidates).drop_back())
      if (isValid(*candidate, value))
        return true;
    return validate(*candidates.back(), value, what, reporter);
  }
  if (!hasTypeOf(rule, value))
    return reportMismatch(rule, value, what, reporter);

  switch (rule.kind) {
  case Rule::Kind::Integer:
  case Rule::Kind::Number:
    if ((rule.minimum && value.number < *rule.minimum) || (rule.maximum && value.number > *rule.maximum))
      return reportMismatch(rule, value, what, reporter);
    return true;
  case Rule::Kind::String:
    return StringRef(value.string).ends_with(rule.suffix) || reportMismatch(rule, value, what, reporter);
  case Rule::Kind::Choice: {
    if (llvm::is_contained(rule.choices, value.string))
      return true;
    llvm::SmallVector<StringRef> names(rule.choices.begin(), rule.choices.end());
    return reportMismatch(rule, value, what, reporter, suggestOf(rule.hints, value.string, names));
  }
  case Rule::Kind::List: {
    if (value.elements.size() < rule.minCount || value.elements.size() > rule.maxCount) {
      reporter.error(value.position,
                     what + " must be " + rule.describe() + ", got " + std::to_string(value.elements.size()));
      return false;
    }
    bool valid = true;
    for (size_t i = 0; i < value.elements.size(); ++i) {
      const JsonValue &element = value.elements[i];
      std::string label = rule.element->kind == Rule::Kind::Variant
                              ? labelOf(*rule.element, element, i)
                              : "element " + std::to_string(i + 1) + " of " + what;
      valid &= validate(*rule.element, element, label, reporter);
    }
    return valid;
  }
  case Rule::Kind::Object:
    return validateFields(rule.fields, value, what, "", reporter);
  case Rule::Kind::Map: {
    bool valid = true;
    for (const Member &member : value.members)
      valid &= validate(*rule.element, member.value, "'" + member.key + "' of " + what, reporter);
    return valid;
  }
  case Rule::Kind::Variant:
    return validateVariant(rule, value, what, reporter);
  default:
    return true;
  }
}
