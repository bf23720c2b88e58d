// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/Rules.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace dlc::json;
using llvm::StringRef;

const NameHints &dlc::json::getKeyHints() {
  // clang-format off
  static const NameHints hints = {
      {"lr", "learning_rate"}, {"eps", "epsilon"}, {"betas", "beta1"}, {"kernel_size", "kernel"}, {"strides", "stride"},
      {"dilations", "dilation"}, {"dilation_rate", "dilation"}, {"out_channels", "filters"}, {"num_filters", "filters"},
      {"out_features", "units"}, {"hidden_size", "units"}, {"pool_size", "size"}, {"p", "rate"}, {"bias", "use_bias"},
      {"num_heads", "heads"}, {"loss_fn", "loss"}};
  // clang-format on
  return hints;
}

static std::shared_ptr<Rule> make(Rule::Kind kind, std::string title = "") {
  auto rule = std::make_shared<Rule>();
  rule->kind = kind;
  rule->title = std::move(title);
  return rule;
}

RulePtr dlc::json::anything() { return make(Rule::Kind::Anything); }
RulePtr dlc::json::boolean() { return make(Rule::Kind::Boolean); }

static RulePtr limited(Rule::Kind kind, std::optional<double> minimum, std::optional<double> maximum) {
  auto rule = make(kind);
  rule->minimum = minimum;
  rule->maximum = maximum;
  return rule;
}
RulePtr dlc::json::integer(std::optional<double> minimum, std::optional<double> maximum) {
  return limited(Rule::Kind::Integer, minimum, maximum);
}
RulePtr dlc::json::number(std::optional<double> minimum, std::optional<double> maximum) {
  return limited(Rule::Kind::Number, minimum, maximum);
}
RulePtr dlc::json::string(std::string title) { return make(Rule::Kind::String, std::move(title)); }
RulePtr dlc::json::stringEndingIn(std::string suffix, std::string title) {
  auto rule = make(Rule::Kind::String, std::move(title));
  rule->suffix = std::move(suffix);
  return rule;
}
RulePtr dlc::json::choice(std::vector<std::string> choices, std::string title) {
  auto rule = make(Rule::Kind::Choice, std::move(title));
  rule->choices = std::move(choices);
  return rule;
}
RulePtr dlc::json::list(RulePtr element, size_t minCount, size_t maxCount) {
  auto rule = make(Rule::Kind::List);
  rule->element = std::move(element);
  rule->minCount = minCount;
  rule->maxCount = maxCount;
  return rule;
}
RulePtr dlc::json::object(std::vector<Field> fields, std::string title) {
  auto rule = make(Rule::Kind::Object, std::move(title));
  rule->fields = std::move(fields);
  return rule;
}
RulePtr dlc::json::mapOf(RulePtr element, std::string title) {
  auto rule = make(Rule::Kind::Map, std::move(title));
  rule->element = std::move(element);
  return rule;
}
RulePtr dlc::json::either(std::vector<RulePtr> alternatives, std::string title) {
  auto rule = make(Rule::Kind::Either, std::move(title));
  rule->alternatives = std::move(alternatives);
  return rule;
}
RulePtr dlc::json::deferred(RulePtr (*target)()) {
  auto rule = make(Rule::Kind::Deferred);
  rule->target = target;
  return rule;
}
RulePtr dlc::json::defined(std::string definition, const RulePtr &rule) {
  auto copy = std::make_shared<Rule>(*rule);
  copy->definition = std::move(definition);
  return copy;
}

Field dlc::json::required(std::string name, RulePtr rule, std::string summary) {
  return {std::move(name), std::move(rule), std::move(summary), true, {}};
}
Field dlc::json::optional(std::string name, RulePtr rule, const std::string &otherwise, std::string summary) {
  Field field{std::move(name), std::move(rule), std::move(summary), false, {}};
  if (!otherwise.empty()) {
    field.otherwise = parseDocument(otherwise, [&](Position, const std::string &) {});
    assert(field.otherwise && "a default in the tables must be JSON");
  }
  return field;
}

static std::string formatLimit(double limit) {
  return limit == std::floor(limit) ? std::to_string(static_cast<int64_t>(limit)) : llvm::formatv("{0}", limit).str();
}

std::string Rule::describe() const {
  if (!title.empty())
    return title;
  switch (kind) {
  case Kind::Anything:
    return "a value";
  case Kind::Boolean:
    return "true or false";
  case Kind::Integer:
  case Kind::Number: {
    std::string text = kind == Kind::Integer ? "an integer" : "a number";
    if (minimum && maximum && *maximum != INT32_MAX)
      return text + " from " + formatLimit(*minimum) + " to " + formatLimit(*maximum);
    if (minimum)
      return text + " of at least " + formatLimit(*minimum);
    return text;
  }
  case Kind::String:
    return "a string";
  case Kind::Choice:
    return (choices.size() == 1 ? "\"" : "one of \"") + llvm::join(choices, "\", \"") + "\"";
  case Kind::List: {
    std::string each = element->kind == Kind::Integer  ? "integers"
                       : element->kind == Kind::Number ? "numbers"
                       : element->kind == Kind::String ? "strings"
                       : element->kind == Kind::List   ? "lists"
                                                       : "values";
    if (minCount == maxCount)
      return "a list of " + std::to_string(minCount) + " " + each;
    if (maxCount != SIZE_MAX)
      return "a list of " + std::to_string(minCount) + " to " + std::to_string(maxCount) + " " + each;
    return (minCount ? "a list of at least " + std::to_string(minCount) + " " : std::string("a list of ")) + each;
  }
  case Kind::Object:
  case Kind::Map:
  case Kind::Variant:
    return "an object";
  case Kind::Either: {
    std::vector<std::string> texts;
    for (const RulePtr &alternative : alternatives)
      texts.push_back(alternative->describe());
    return llvm::join(texts, " or ");
  }
  }
  return "";
}
