// SPDX-License-Identifier: Apache-2.0
// Nodes of trainable functions: gradients, assignments, steps of optimizers, calls of other
// functions.
#include "frontend/json/NodeKinds.h"
#include "frontend/json/TrainingOptions.h"
#include "frontend/json/TrainingRules.h"
#include "ir/OpsConversion.h"
#include "ir/OpsTraining.h"

using namespace mlir;
using namespace dlc::json;

static NodeResults buildGradient(NodeContext &context) {
  SmallVector<Value> tensors = context.operands();
  if (llvm::is_contained(tensors, Value()))
    return {};
  if (context.outputCount != tensors.size() - 1) {
    context.error("gives one gradient for each input after the first, which are " + Twine(tensors.size() - 1) +
                  ", not " + Twine(context.outputCount));
    return {};
  }
  for (Value tensor : tensors)
    if (!isa<FloatType>(typeOf(tensor).getElementType())) {
      context.error("expects floating-point tensors, got " + describeTensor(tensor));
      return {};
    }
  auto op = dlc::GradientOp::create(context.builder, context.location, tensors.front(), ArrayRef(tensors).drop_front());
  return NodeResults(op.getGradients());
}

/// What the layer `dropout` does, and where it does: in training, unless the input `training_mode` says otherwise.
static NodeResults buildDropout(NodeContext &context) {
  auto literalOf = [&](size_t i, StringRef meaning) -> const JsonValue * {
    if (!context.hasInput(i))
      return nullptr;
    const JsonValue *literal = context.inputs[i].literal;
    if (literal && literal->isNumber())
      return literal;
    context.error("expects " + meaning + " as a number that is written instead of an input, such as " +
                  (i == 1 ? "0.5" : "1 for training and 0 for inference"));
    return nullptr;
  };
  const JsonValue *ratioInput = literalOf(1, "the ratio"), *mode = literalOf(2, "'training_mode'");
  Value x = context.operand(0);
  if (!x || (context.hasInput(1) && !ratioInput) || (context.hasInput(2) && !mode))
    return {Value()};
  double ratio = ratioInput ? ratioInput->number : context.attributes.number("ratio");
  TrainingScope *training = !mode               ? context.graph->findTraining(context)
                            : mode->number != 0 ? &context.graph->getTraining(context)
                                                : nullptr;
  if (ratioInput && context.attributes.isGiven("ratio"))
    return {context.error("ratio", "has a ratio as an input and as an attribute")};
  if (ratio < 0 || ratio > 1 || (training && ratio == 1))
    return {context.error("drops a share of the elements that must be from 0 to below 1")};
  if (!training)
    return {x};
  if (!isa<FloatType>(typeOf(x).getElementType()))
    return {context.error("drops floating-point numbers, got " + describeTensor(x))};
  return {training->drop(context, x, ratio)};
}

static NodeResults buildStopGradient(NodeContext &context) {
  return {context.create<dlc::StopGradientOp>(context.operand(0))};
}

static NodeResults buildAssign(NodeContext &context) {
  StringRef name = context.attributes.string("parameter");
  Value value = context.operand(0), old = context.graph->loadParameter(context, "parameter", name);
  if (!value || !old)
    return {};
  if (value.getType() != old.getType()) {
    context.error("parameter", "gives parameter '" + name + "' of type " + describeTensor(old) + " a value of type " +
                                   describeTensor(value));
    return {};
  }
  if (!context.graph->assign(name))
    context.error("parameter", "assigns '" + name + "', which this function assigns already");
  else
    dlc::AssignOp::create(context.builder, context.location, name, value);
  return {};
}

static NodeResults buildApplyGradients(NodeContext &context) {
  const JsonValue &names = *context.attributes.find("parameters");
  SmallVector<Value> inputs = context.operands();
  if (llvm::is_contained(inputs, Value()))
    return {};
  if (inputs.size() != names.elements.size() + 1) {
    context.error("expects the rate and one gradient for each of " + Twine(names.elements.size()) +
                  " parameters, not " + Twine(inputs.size()) + " inputs");
    return {};
  }
  if (typeOf(inputs.front()).getRank() != 0) {
    context.error("expects a rate of rank 0, got " + describeTensor(inputs.front()));
    return {};
  }
  SmallVector<Attribute> parameters;
  for (auto [name, gradient] : llvm::zip(names.elements, ArrayRef(inputs).drop_front())) {
    Value old = context.graph->loadParameter(context, "parameters", name.string);
    if (!old)
      return {};
    if (old.getType() != gradient.getType()) {
      context.error("has a gradient of type " + describeTensor(gradient) + " for parameter '" + name.string +
                    "' of type " + describeTensor(old));
      return {};
    }
    if (!context.graph->assign(name.string)) {
      context.error("parameters", "changes '" + name.string + "', which this function assigns already");
      return {};
    }
    parameters.push_back(FlatSymbolRefAttr::get(context.builder.getContext(), name.string));
  }
  int64_t runs = context.attributes.integer("gradient_accumulation_steps");
  dlc::ApplyGradientsOp::create(context.builder, context.location, context.builder.getArrayAttr(parameters),
                                inputs.front(), ArrayRef(inputs).drop_front(),
                                describeOptimizer(context.builder, *context.attributes.find("optimizer")),
                                context.builder.getStringAttr(context.attributes.string("scope")),
                                runs > 1 ? context.builder.getI64IntegerAttr(runs) : IntegerAttr(), /*rates=*/{},
                                /*weight_decays=*/{}, /*max_norms=*/{});
  return {};
}

static NodeResults buildCall(NodeContext &context) {
  SmallVector<Value> arguments = context.operands();
  if (llvm::is_contained(arguments, Value()))
    return {};
  SmallVector<Value> results = context.graph->call(context, context.attributes.string("function"), arguments,
                                                   context.attributes.boolean("training"));
  if (!results.empty() && context.outputCount > results.size()) {
    context.error("names " + Twine(context.outputCount) + " outputs of a function that has " + Twine(results.size()));
    return {};
  }
  results.resize(std::min(results.size(), context.outputCount));
  return NodeResults(results);
}

static NodeResults buildRandomUniform(NodeContext &context) {
  Value like = context.operand(0);
  if (!like)
    return {};
  if (!isa<FloatType>(typeOf(like).getElementType())) {
    context.error("gives floating-point numbers in the type of its input, got " + describeTensor(like));
    return {};
  }
  Type type = typeOf(like).getElementType();
  Value uniform = context.graph->getTraining(context).createUniform(context, like);
  if (!type.isF32())
    uniform = context.create<dlc::CastOp>(uniform, type);
  double low = context.attributes.number("low"), high = context.attributes.number("high");
  if (low == 0 && high == 1)
    return {uniform};
  return {context.add(context.multiply(uniform, context.constant(high - low, type)), context.constant(low, type))};
}

static NodeResults buildRandomNormal(NodeContext &context) {
  Value like = context.operand(0);
  if (!like)
    return {};
  Type type = typeOf(like).getElementType();
  if (!isa<FloatType>(type)) {
    context.error("gives floating-point numbers in the type of its input, got " + describeTensor(like));
    return {};
  }
  Value normal = context.graph->getTraining(context).createNormal(context, like);
  return {context.add(context.multiply(normal, context.constant(context.attributes.number("scale"), type)),
                      context.constant(context.attributes.number("mean"), type))};
}

void dlc::json::addTrainingNodes(std::vector<NodeKind> &kinds) {
  kinds.push_back({"Gradient", 2, SIZE_MAX, SIZE_MAX, {}, buildGradient});
  kinds.push_back({"Dropout",
                   1,
                   3,
                   1,
                   {optional("ratio", number(0, 1), "0.5", "Share of elements that training drops")},
                   buildDropout});
  kinds.push_back({"StopGradient", 1, 1, 1, {}, buildStopGradient});
  kinds.push_back({"Assign", 1, 1, 0, {required("parameter", string(), "Name of the parameter")}, buildAssign});
  kinds.push_back(
      {"ApplyGradients",
       2,
       SIZE_MAX,
       0,
       {required("parameters", list(string(), 1), "Names of the parameters, in the order of their gradients"),
        required("optimizer", getOptimizerRule(), "How parameters are updated by gradients"),
        optional("gradient_accumulation_steps", integer(1), "1", "Number of runs whose gradients make one step"),
        optional("scope", string(), "\"optimizer\"",
                 "Name of the optimizer; what it keeps is called SCOPE.ROLE.PARAMETER")},
       buildApplyGradients});
  kinds.push_back({"Call",
                   1,
                   SIZE_MAX,
                   SIZE_MAX,
                   {required("function", string(), "Name of the function; 'model' is the model's own layers or nodes"),
                    optional("training", boolean(), "false",
                             "Whether its layers behave as in training (dropout, statistics of the batch)")},
                   buildCall});
  kinds.push_back({"RandomUniformLike",
                   1,
                   1,
                   1,
                   {optional("low", number(), "0", "Lowest number"), optional("high", number(), "1", "Highest number")},
                   buildRandomUniform});
  kinds.push_back({"RandomNormalLike",
                   1,
                   1,
                   1,
                   {optional("mean", number(), "0", "Mean"), optional("scale", number(), "1", "Standard deviation")},
                   buildRandomNormal});
}
