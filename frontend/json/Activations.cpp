// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/Activations.h"
#include "frontend/json/OpTableFields.h"
#include "ir/OpsActivation.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsNormalization.h"

using namespace mlir;
using namespace dlc::json;

using llvm::APFloat;

template <typename OpTy> static Value buildPlain(OpContext &context, const Attributes &, Value x) {
  return context.create<OpTy>(x);
}
template <typename OpTy> static Value buildAlongAxis(OpContext &context, const Attributes &attributes, Value x) {
  int64_t rank = typeOf(x).getRank(), axis = attributes.integer("axis");
  if (axis < -rank || axis >= rank)
    return context.error("has no axis " + Twine(axis) + " in " + describeTensor(x));
  return context.create<OpTy>(x, ArrayRef<int64_t>{axis < 0 ? axis + rank : axis});
}
static Value buildSelu(OpContext &context, const Attributes &, Value x) {
  return context.create<dlc::SeluOp>(x, APFloat(1.6732632423543772), APFloat(1.0507009873554805));
}
static Value buildGelu(OpContext &context, const Attributes &attributes, Value x) {
  return context.create<dlc::GeluOp>(x, attributes.boolean("approximate"));
}
static Value buildShrink(OpContext &context, const Attributes &attributes, Value x) {
  return context.create<dlc::ShrinkOp>(x, APFloat(attributes.number("bias")), APFloat(attributes.number("lambda")));
}
static Value buildClamp(OpContext &context, const Attributes &attributes, Value x) {
  auto limit = [&](StringRef key) {
    const JsonValue *value = attributes.find(key);
    return value ? context.builder.getF64FloatAttr(value->number) : FloatAttr();
  };
  return context.create<dlc::ClampOp>(x, limit("low"), limit("high"));
}
static Value buildRelu6(OpContext &context, const Attributes &, Value x) {
  return context.create<dlc::ClampOp>(x, context.builder.getF64FloatAttr(0), context.builder.getF64FloatAttr(6));
}
static Value buildStep(OpContext &context, const Attributes &, Value x) {
  Type type = typeOf(x).getElementType();
  Value isOn = context.create<dlc::GreaterOrEqualOp>(x, context.constant(0, type));
  return context.create<dlc::CastOp>(isOn, type);
}
static Value buildIdentity(OpContext &, const Attributes &, Value x) { return x; }

/// Those that the table of ops describes, called as the op.
static void addRows(std::vector<ActivationKind> &activations) {
  for (const dlc::onnx_format::OpRow &row : dlc::onnx_format::getOpTable())
    if (!row.activation.empty())
      activations.push_back({row.op.split('.').second.str(), row.activation, getLayerFields(row),
                             [&row](OpContext &context, const Attributes &attributes, Value x) {
                               return context.create(row.op, x,
                                                     getOpAttributes(context.builder, attributes, row, true));
                             }});
}

ArrayRef<ActivationKind> dlc::json::getActivations() {
  static const std::vector<ActivationKind> activations = [] {
    std::vector<Field> axis = {optional("axis", integer(), "-1", "The dimension that is normalized")};
    std::vector<ActivationKind> result;
    addRows(result);
    std::vector<ActivationKind> others = {
        {"relu6", "min(max(x, 0), 6)", {}, buildRelu6},
        {"selu", "Scaled elu that keeps mean 0 and variance 1", {}, buildSelu},
        {"gelu",
         "x times the normal distribution function of x",
         {optional("approximate", boolean(), "false", "Whether by tanh")},
         buildGelu},
        {"shrink",
         "x + bias below -lambda, x - bias above lambda, else 0",
         {optional("lambda", number(0), "0.5", "Width of the flat part"),
          optional("bias", number(), "0", "Shift outside it")},
         buildShrink},
        {"clamp",
         "min(max(x, low), high)",
         {optional("low", number(), "", "No lower limit if missing"),
          optional("high", number(), "", "No upper limit if missing")},
         buildClamp},
        {"exponential", "exp(x)", {}, buildPlain<dlc::ExpOp>},
        {"sign", "-1, 0 or 1", {}, buildPlain<dlc::SignOp>},
        {"step", "1 if x >= 0, else 0", {}, buildStep},
        {"linear", "x", {}, buildIdentity},
        {"softmax", "exp(x) / sum of exp(x) along an axis", axis, buildAlongAxis<dlc::SoftmaxOp>},
        {"log_softmax", "log of softmax", axis, buildAlongAxis<dlc::LogSoftmaxOp>},
        {"hardmax", "1 at the first largest element along an axis, else 0", axis, buildAlongAxis<dlc::HardmaxOp>},
    };
    llvm::append_range(result, others);
    return result;
  }();
  return activations;
}

RulePtr dlc::json::getActivationRule() {
  static const RulePtr rule = [] {
    std::vector<std::string> names;
    auto variant = std::make_shared<Rule>();
    variant->kind = Rule::Kind::Variant;
    variant->tag = "op";
    variant->noun = "activation";
    for (const ActivationKind &activation : getActivations()) {
      names.push_back(activation.name);
      variant->variants.push_back({activation.name, activation.summary, activation.fields});
    }
    return defined("activation", either({choice(std::move(names), "the name of an activation"), variant},
                                        "an activation's name or an object with 'op' and options"));
  }();
  return rule;
}

const ActivationKind &dlc::json::findActivation(StringRef name) {
  const ActivationKind *activation =
      llvm::find_if(getActivations(), [&](const ActivationKind &activation) { return activation.name == name; });
  assert(activation != getActivations().end() && "validated activations are in the table");
  return *activation;
}

Value dlc::json::buildActivation(OpContext &context, const JsonValue &value, Value x) {
  const ActivationKind &activation = findActivation(value.isString() ? value.string : value.find("op")->string);
  return activation.build(context, Attributes(activation.fields, value.isObject() ? &value : nullptr), x);
}
