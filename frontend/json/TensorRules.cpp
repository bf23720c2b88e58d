// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/TensorRules.h"
#include "frontend/json/Elements.h"

using namespace dlc::json;

RulePtr dlc::json::getElementTypeRule() {
  static const RulePtr rule =
      defined("type", choice(getElementTypeNames(), "the name of an element type (f32, i64, ...)"));
  return rule;
}

RulePtr dlc::json::getExtentRule() {
  static const std::string title = "a number or, for an extent known only at run time, a name such as \"N\"";
  Rule known = *integer(0, INT32_MAX);
  known.title = title;
  return either({std::make_shared<Rule>(std::move(known)), string()}, title);
}

RulePtr dlc::json::getInputRule() {
  static const RulePtr rule = defined(
      "input",
      object(
          {required("name", string(), "Name of the tensor"),
           optional("type", getElementTypeRule(), "\"f32\"", "Element type"),
           required("shape", list(getExtentRule()), "Extents; a name (\"N\") is a dimension known only at run time"),
           optional(
               "role", choice({"label", "hyperparameter"}), "",
               "'label': what predictions are compared with; 'hyperparameter': a number that sets how a step is done"),
           optional("default", number(), "0", "Of a hyperparameter, where a run gives none")}));
  return rule;
}
