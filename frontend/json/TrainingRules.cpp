// SPDX-License-Identifier: Apache-2.0
// The `training` section: what differentiates, updates and judges a model.
#include "frontend/json/ModelRules.h"

using namespace dlc::json;

/// A name, or an object with `name` and the options of its variant.
static RulePtr named(std::string noun, std::vector<Variant> variants) {
  std::vector<std::string> names;
  for (const Variant &variant : variants)
    names.push_back(variant.name);
  auto options = std::make_shared<Rule>();
  options->kind = Rule::Kind::Variant;
  options->tag = "name";
  options->noun = noun;
  options->variants = std::move(variants);
  return either({choice(std::move(names), "the name of a known " + noun), options},
                "a " + noun + "'s name or an object with 'name' and options");
}

static RulePtr getLossRule() {
  return named(
      "loss",
      {{"cross_entropy",
        "Of probabilities and class numbers or distributions",
        {optional("label_smoothing", number(0, 1), "0", "Share of every other class")}},
       {"binary_cross_entropy", "Of probabilities and 0 or 1", {}},
       {"mean_squared_error", "Mean of squared differences", {}},
       {"mean_absolute_error", "Mean of absolute differences", {}},
       {"huber", "Squared near 0, absolute beyond delta", {optional("delta", number(0), "1", "Where it changes")}},
       {"hinge", "max(0, 1 - y x) of y = -1 or 1", {}}});
}

static RulePtr getOptimizerRule() {
  Field rate = optional("learning_rate", number(0), "0.01", "Step size"),
        small = optional("learning_rate", number(0), "0.001", "Step size");
  Field decay = optional("weight_decay", number(0), "0", "Share of every weight taken off in a step");
  std::vector<Field> adam = {small, optional("beta1", number(0, 1), "0.9", "Decay of the mean"),
                             optional("beta2", number(0, 1), "0.999", "Decay of the variance"),
                             optional("epsilon", number(0), "1e-8", "Added to the deviation"), decay};
  return named("optimizer", {{"sgd",
                              "Stochastic gradient descent",
                              {rate, optional("momentum", number(0, 1), "0", "Share of the last step kept"),
                               optional("nesterov", boolean(), "false", "Whether the gradient is taken ahead"), decay}},
                             {"adam", "Kingma and Ba, 2014", adam},
                             {"adamw", "Adam with decoupled weight decay", adam},
                             {"rmsprop",
                              "Gradients over their root mean square",
                              {small, optional("rho", number(0, 1), "0.9", "Decay of the mean square"),
                               optional("momentum", number(0, 1), "0", "Share of the last step kept"),
                               optional("epsilon", number(0), "1e-8", "Added to the root"), decay}},
                             {"adagrad",
                              "Gradients over the root of all their squares",
                              {rate, optional("epsilon", number(0), "1e-10", "Added to the root"), decay}}});
}

RulePtr dlc::json::getTrainingRule() {
  static const RulePtr rule = [] {
    RulePtr steps = list(mapOf(anything(), "an object with 'op' and options"));
    return defined(
        "training",
        object({required("loss", getLossRule(), "What is made small"),
                required("optimizer", getOptimizerRule(), "How parameters follow gradients"),
                optional("regularization",
                         object({optional("l1", number(0), "0", "Factor of the sum of absolute weights"),
                                 optional("l2", number(0), "0", "Factor of half the sum of squared weights")}),
                         "", "Added to the loss"),
                optional("metrics", list(choice({"accuracy", "mean_squared_error", "mean_absolute_error"})), "",
                         "What is reported"),
                optional("preprocessing", steps, "", "What is done to every sample"),
                optional("augmentation", steps, "", "What is done to samples at random")}));
  }();
  return rule;
}
