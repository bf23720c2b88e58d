// SPDX-License-Identifier: Apache-2.0
// The sections of a model.
#include "frontend/json/ModelRules.h"
#include "frontend/json/GenerateRules.h"
#include "frontend/json/LayerKinds.h"
#include "frontend/json/NodeKinds.h"
#include "frontend/json/TensorRules.h"
#include "frontend/json/TrainingRules.h"
#include "frontend/json/WeightSource.h"

using namespace dlc::json;

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

/// As frontend/CustomOps.h reads it.
static RulePtr getCustomOpRule() {
  RulePtr extent = either({integer(0, INT32_MAX), string()}, "a number or an expression over names of extents"),
          tensors = list(list(extent));
  Rule bound;
  bound.title = "an expression, or null if there is no bound";
  return object(
      {required("inputs", tensors,
                "The extents of each input: numbers and names; \"...\", first, for any number of them"),
       required("outputs", tensors, "The extents of each output: expressions over these names and integer attributes"),
       optional("types", list(getElementTypeRule()), "", "Element types of the outputs; the first input's if missing"),
       optional("gradient", string("the name of an op"), "",
                "The op that takes the inputs, the outputs and the gradients of the floating-point outputs, and gives "
                "those of the floating-point inputs"),
       optional("computed", mapOf(std::make_shared<Rule>(std::move(bound))), "",
                "Extents that a run computes, each with an expression for its largest value"),
       optional("extents", string("the name of an op"), "",
                "The op that computes them: it takes the inputs and gives one i64 for each"),
       optional("effects", boolean(), "false", "Runs even if nobody reads its outputs")});
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
        optional("ops", mapOf(getCustomOpRule()), "", "Ops that C functions compute, by name"),
        optional("generate", getGenerateRule(), "", "Entry points that generate tokens, one after another"),
    };
    fields.insert(fields.end(), more.begin(), more.end());
    return object(std::move(fields));
  }();
  return rule;
}
