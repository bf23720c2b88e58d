// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/FunctionScope.h"
#include "frontend/json/Elements.h"
#include "frontend/json/TensorRules.h"
#include "ir/OpsParameter.h"
#include "ir/OpsTraining.h"

using namespace mlir;
using namespace dlc::json;

void FunctionScope::begin(func::FuncOp newFunction, TrainingScope *training, bool hasOwnTraining, bool predicts) {
  function = newFunction;
  given = training;
  trainsItself = hasOwnTraining;
  isInference = predicts;
  own.reset();
  assigned.clear();
}

void FunctionScope::end() {
  if (!own || isInference)
    return;
  for (const auto &[name, value] : own->getUpdates()) {
    if (!assign(name))
      reporter.error({}, "function '" + function.getSymName() + "' assigns '" + name +
                             "', which a batch normalization in it updates already: leave out the assignment");
    else
      dlc::AssignOp::create(builder, value.getLoc(), name, value);
  }
  if (!assigned.empty())
    advanceSteps(builder, function.getLoc());
}

std::optional<Value> FunctionScope::loadParameter(StringRef name, Position position, const std::string &label) {
  ParameterRequest request;
  request.role = name.str();
  request.position = position;
  request.label = label;
  const JsonValue *declared = model.find("parameters");
  declared = declared ? declared->find(name) : nullptr;
  if (declared) {
    const JsonValue *shape = declared->find("shape"), *type = declared->find("type"),
                    *initializer = declared->find("initializer");
    if (!isValid(*list(integer(0, INT32_MAX)), shape ? *shape : JsonValue()) ||
        (type && !isValid(*getElementTypeRule(), *type)) ||
        (initializer && !isValid(*getInitializerRule(), *initializer)))
      return Value();
    request.type = RankedTensorType::get(
        llvm::map_to_vector(shape->elements, [](const JsonValue &extent) { return extent.integer; }),
        getElementType(type ? StringRef(type->string) : "f32", builder.getContext()));
    request.value = declared->find("value");
    request.position = declared->position;
    request.label = "parameter '" + name.str() + "'";
    request.isInitializerGiven = initializer != nullptr;
    if (initializer) {
      request.initializer = Initializer::parse(*initializer);
    } else {
      // As for layers: vectors are biases, everything else is a weight.
      JsonValue standard;
      standard.kind = JsonValue::Kind::String;
      standard.string = request.type.getRank() < 2 ? "zeros" : "glorot_uniform";
      const std::optional<Initializer> &ofModel = parameters.getSource().getDefaultInitializer();
      request.initializer = ofModel && request.type.getRank() >= 2 ? *ofModel : Initializer::parse(standard);
    }
  } else if (RankedTensorType known = parameters.getType(name)) {
    return dlc::LoadParameterOp::create(builder, builder.getUnknownLoc(), known, name).getResult();
  } else {
    request.type = parameters.getSource().getTypeOf(name);
    if (!request.type)
      return std::nullopt;
  }
  Location location = NameLoc::get(builder.getStringAttr(name), reporter.at(request.position));
  return parameters.load(request, builder, location);
}

Value FunctionScope::loadParameter(NodeContext &context, StringRef key, StringRef name) {
  if (std::optional<Value> value = loadParameter(name, context.position, context.label))
    return *value;
  SmallVector<StringRef> names;
  for (auto parameter : module.getOps<dlc::ParameterOp>())
    names.push_back(parameter.getSymName());
  return context.error(key, "names the parameter '" + name + "', which the model does not have" + suggest(name, names));
}

TrainingScope *FunctionScope::findTraining(NodeContext &context) {
  return given || trainsItself ? &getTraining(context) : nullptr;
}

TrainingScope &FunctionScope::getTraining(NodeContext &context) {
  if (given)
    return *given;
  if (!own) {
    declareRandomness(module);
    own.emplace(loadRandomness(builder, context.location));
  }
  return *own;
}

SmallVector<Value> FunctionScope::call(NodeContext &context, StringRef name, ValueRange arguments, bool isTraining) {
  const JsonValue *functions = model.find("functions"), *callee = name == "model" ? &model
                                                                  : functions     ? functions->find(name)
                                                                                  : nullptr;
  SmallVector<StringRef> names{"model"};
  for (const Member &each : functions ? ArrayRef(functions->members) : ArrayRef<Member>())
    names.push_back(each.key);
  if (!callee || !callee->find("inputs")) {
    context.error("function", "calls '" + name + "', which the model does not have" + suggest(name, names));
    return {};
  }
  if (llvm::is_contained(calls, name)) {
    context.error("function", "calls '" + name + "' from within itself");
    return {};
  }
  const JsonValue &inputs = *callee->find("inputs");
  if (!isValid(*list(getInputRule(), 1), inputs))
    return {}; // which has been reported
  if (inputs.elements.size() != arguments.size()) {
    context.error("function", "gives " + Twine(arguments.size()) + " inputs to '" + name + "', which takes " +
                                  Twine(inputs.elements.size()));
    return {};
  }
  llvm::StringMap<Value> tensors;
  for (auto [input, argument] : llvm::zip(inputs.elements, arguments)) {
    const JsonValue *type = input.find("type");
    if (getElementType(type ? StringRef(type->string) : "f32", builder.getContext()) !=
            typeOf(argument).getElementType() ||
        static_cast<int64_t>(input.find("shape")->elements.size()) != typeOf(argument).getRank()) {
      context.error("gives '" + name + "' a " + describeTensor(argument) + " as its input '" +
                    input.find("name")->string + "', which has another type or rank");
      return {};
    }
    tensors[input.find("name")->string] = argument;
  }
  SmallVector<StringRef> innerCalls(calls);
  innerCalls.push_back(name);
  return importCall(*callee, tensors, isTraining ? &getTraining(context) : given, innerCalls);
}
