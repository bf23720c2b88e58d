// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/TrainingRules.h"
#include "frontend/json/TensorRules.h"
#include "llvm/ADT/StringExtras.h"

using namespace dlc::json;

/// A name, or an object with `name` and the options of its variant. `hints`: what other tools call them, and the names
/// here.
static RulePtr named(const std::string &noun, std::vector<Variant> variants, NameHints hints) {
  std::vector<std::string> names;
  for (const Variant &variant : variants)
    names.push_back(variant.name);
  Rule options, name = *choice(names, "the name of a known " + noun + " (" + llvm::join(names, ", ") + ")");
  options.kind = Rule::Kind::Variant;
  options.tag = "name";
  options.noun = noun;
  options.variants = std::move(variants);
  options.hints = name.hints = std::move(hints);
  return either({std::make_shared<Rule>(std::move(name)), std::make_shared<Rule>(std::move(options))},
                "a " + noun + "'s name or an object with 'name' and options");
}

static RulePtr makeLossRule() {
  Field reduction =
            optional("reduction", choice({"mean", "sum"}), "\"mean\"", "Over samples (and what else a sample has)"),
        logits = optional("from_logits", boolean(), "false", "Whether predictions are logits, not probabilities"),
        smoothing = optional("label_smoothing", number(0, 1), "0", "Share of the label spread evenly over all classes"),
        axis = optional("axis", integer(), "-1", "Dimension of the predictions that is the classes"),
        ignored = optional("ignore_index", integer(), "", "Class index of labels that do not count"),
        margin = optional("margin", number(0), "1", "Distance from which on predictions cost nothing");
  return named("loss",
               {{"cross_entropy",
                 "Of probabilities and class indices or distributions",
                 {logits, smoothing, axis, ignored, reduction}},
                {"binary_cross_entropy", "Of probabilities and 0 or 1", {logits, smoothing, reduction}},
                {"negative_log_likelihood", "Of log probabilities and class indices", {axis, ignored, reduction}},
                {"kl_divergence", "Of probabilities and distributions", {logits, axis, reduction}},
                {"mean_squared_error", "Mean of squared differences", {reduction}},
                {"mean_absolute_error", "Mean of absolute differences", {reduction}},
                {"huber",
                 "Half the square of differences up to delta, linear beyond",
                 {optional("delta", number(0), "1", "Where it changes"), reduction}},
                {"hinge", "max(0, margin - y x) of y = -1 or 1", {margin, reduction}},
                {"multiclass_hinge",
                 "Mean over other classes of max(0, margin - x of the class + x)",
                 {margin, axis, reduction}}},
               {{"mse", "mean_squared_error"},
                {"l2", "mean_squared_error"},
                {"mae", "mean_absolute_error"},
                {"l1", "mean_absolute_error"},
                {"smooth_l1", "huber"},
                {"bce", "binary_cross_entropy"},
                {"bce_with_logits", "binary_cross_entropy"},
                {"ce", "cross_entropy"},
                {"categorical_crossentropy", "cross_entropy"},
                {"sparse_categorical_crossentropy", "cross_entropy"},
                {"softmax_cross_entropy", "cross_entropy"},
                {"nll", "negative_log_likelihood"},
                {"nll_loss", "negative_log_likelihood"},
                {"kl", "kl_divergence"},
                {"kld", "kl_divergence"},
                {"kl_div", "kl_divergence"},
                {"multi_margin", "multiclass_hinge"}});
}

static RulePtr makeOptimizerRule() {
  Field rate = optional("learning_rate", number(0), "0.01", "Step size"),
        small = optional("learning_rate", number(0), "0.001", "Step size");
  Field decay = optional("weight_decay", number(0), "0", "Share of every weight subtracted in a step");
  std::vector<Field> adam = {small, optional("beta1", number(0, 1), "0.9", "Decay of the mean"),
                             optional("beta2", number(0, 1), "0.999", "Decay of the variance"),
                             optional("epsilon", number(0), "1e-8", "Added to the deviation"), decay};
  return named(
      "optimizer",
      {{"sgd",
        "Stochastic gradient descent",
        {rate, optional("momentum", number(0, 1), "0", "Share of the last step kept"),
         optional("nesterov", boolean(), "false", "Whether the gradient is taken at the next point (Nesterov)"),
         decay}},
       {"adam", "Kingma and Ba, 2014", adam},
       {"adamw", "Adam with decoupled weight decay", adam},
       {"rmsprop",
        "Gradients divided by their root mean square",
        {small, optional("rho", number(0, 1), "0.9", "Decay of the mean square"),
         optional("momentum", number(0, 1), "0", "Share of the last step kept"),
         optional("epsilon", number(0), "1e-8", "Added to the square root"), decay}},
       {"adagrad",
        "Gradients divided by the square root of the sum of all their squares",
        {rate, optional("epsilon", number(0), "1e-10", "Added to the square root"), decay}}},
      {{"momentum", "sgd"}, {"nesterov", "sgd"}, {"gradient_descent", "sgd"}});
}

RulePtr dlc::json::getLossRule() {
  static const RulePtr rule = defined("loss", makeLossRule());
  return rule;
}

RulePtr dlc::json::getOptimizerRule() {
  static const RulePtr rule = defined("optimizer", makeOptimizerRule());
  return rule;
}

RulePtr dlc::json::getTrainingFileRule() {
  static const RulePtr rule = object({optional("dlc", integer(1, 1), "1", "Version of the format"),
                                      required("training", getTrainingRule(), "How the model is trained")});
  return rule;
}

RulePtr dlc::json::getTrainingRule() {
  static const RulePtr rule = [] {
    RulePtr label = object({optional("name", string(), "\"label\"", "Name of the input"),
                            optional("type", getElementTypeRule(), "", "Element type"),
                            optional("shape", list(getExtentRule()), "", "Extents; those of the loss if missing")});
    RulePtr group = object({required("parameters", list(string("the name of a parameter or layer"), 1),
                                     "Parameters, layers for all of theirs, or patterns of names"),
                            optional("rate", number(0), "1", "Factor of the learning rate"),
                            optional("weight_decay", number(0), "", "Instead of the optimizer's"),
                            optional("max_norm", number(0), "", "Largest norm of the weights of one output"),
                            optional("frozen", boolean(), "false", "Whether they are not trained")});
    return defined(
        "training",
        object(
            {required("loss", getLossRule(), "What is made small"),
             required("optimizer", getOptimizerRule(), "How parameters are updated by gradients"),
             optional("output", string(), "",
                      "Name of the result that the loss is computed from; the first one if missing"),
             optional("parameters", list(string("the name of a parameter or layer"), 1), "",
                      "The only parameters that are trained: names, layers for all of theirs, or patterns of names"),
             optional("label", label, "", "What predictions are compared with"),
             optional("sample_weights", either({boolean(), choice({"sample", "element"})}), "false",
                      "Whether an input 'sample_weight' weights the samples, or all elements of the loss separately"),
             optional("regularization",
                      object({optional("l1", number(0), "0", "Factor of the sum of absolute weights"),
                              optional("l2", number(0), "0", "Factor of half the sum of squared weights"),
                              optional("examples", integer(1), "1", "Number T of examples that both are divided by")}),
                      "", "Added to the loss; biases and scales do not count"),
             optional("clip",
                      object({optional("value", number(0), "", "Largest absolute element of a gradient"),
                              optional("norm", number(0), "", "Largest norm of all gradients together")}),
                      "", "Limits of gradients"),
             optional("gradient_accumulation_steps", integer(1), "1",
                      "Number of runs of train_step whose gradients make one step of the optimizer"),
             optional("groups", list(group), "", "Parameters with settings of their own"),
             optional("metrics", list(choice({"accuracy", "mean_squared_error", "mean_absolute_error"})), "",
                      "What is reported in addition to the loss")}));
  }();
  return rule;
}
