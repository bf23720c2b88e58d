// SPDX-License-Identifier: Apache-2.0
// The sections of a model.
#include "frontend/json/ModelRules.h"
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

/// Graph and layers of one entry point.
static std::vector<Field> functionFields() {
  return {optional("inputs", list(getInputRule(), 1), "", "Tensors the model takes"),
          optional("outputs", list(string("the name of a layer or tensor"), 1), "",
                   "Names of the results; the last layer's if missing"),
          optional("layers", list(getLayerRule(), 1), "", "A chain of layers, each of which takes the result before"),
          optional("nodes", list(getNodeRule(), 1), "", "A graph of ONNX operations")};
}

static RulePtr getParametersRule() {
  return mapOf(
      object({required("shape", list(integer(0, INT32_MAX)), "Extents"),
              optional("type", getElementTypeRule(), "\"f32\"", "Element type"),
              optional("value", either({number(), boolean(), list(anything())}, "a number or nested lists of numbers"),
                       "", "The elements, or one for all"),
              optional("initializer", getInitializerRule(), "", "Initializer, if no values are given otherwise")}));
}

RulePtr dlc::json::getWeightsRule() {
  static const RulePtr rule = [] {
    std::string title = "a .safetensors file, an initializer's name or an object of numbers";
    RulePtr initializerName = getInitializerRule()->alternatives.front();
    return either({stringEndingIn(".safetensors", title), choice(initializerName->choices, title),
                   mapOf(either({mapOf(anything()), number(), list(anything())},
                                "an object of a layer's parameters, or nested lists of numbers"))},
                  title);
  }();
  return rule;
}

RulePtr dlc::json::getModelRule() {
  static const RulePtr rule = [] {
    std::vector<Field> fields = {
        optional("$schema", string(), "", "Where editors find the JSON Schema"),
        required("dlc", integer(1, 1), "Version of the format"),
        optional("name", string(), "", "Name of the model, for people"),
        optional("description", string(), "", "What the model does, for people"),
    };
    for (Field &field : functionFields())
      fields.push_back(std::move(field));
    std::vector<Field> more = {
        optional("parameters", getParametersRule(), "", "Tensors that nodes refer to by name"),
        optional("weights", getWeightsRule(), "",
                 "Values of the parameters: a file beside the model, an initializer for all, or numbers by layer and "
                 "parameter"),
        optional("initializer", getInitializerRule(), "", "Initializer of weights that get no values otherwise"),
        optional("seed", integer(0), "0", "Seed of all random numbers"),
        optional("training", getTrainingRule(), "", "How the model is trained; does not change inference"),
        optional("functions", mapOf(object(functionFields())), "", "Several entry points over the same parameters"),
        optional("generate", getGenerateRule(), "", "Entry points that generate tokens, one after another"),
    };
    fields.insert(fields.end(), more.begin(), more.end());
    return object(std::move(fields));
  }();
  return rule;
}
