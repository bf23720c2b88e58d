// SPDX-License-Identifier: Apache-2.0
// Recurrent layers as ONNX defines them.
#include "frontend/GateActivation.h"
#include "frontend/OnnxRecurrence.h"
#include "frontend/QuantizedRecurrence.h"
#include "frontend/json/NodeKinds.h"

using namespace mlir;
using namespace dlc::json;

/// Makes numbers of the weights of `operation`. Whether that worked.
static bool dequantizeWeights(NodeContext &context, dlc::OnnxRecurrence &operation) {
  auto dequantize = [&](Value weight, unsigned scale, unsigned zeroPoint) -> Value {
    Value given = context.hasInput(scale) ? context.operand(scale, context.builder.getF32Type())
                                          : context.error("needs its input " + Twine(scale + 1)),
          zero = context.hasInput(zeroPoint) ? context.operand(zeroPoint, typeOf(weight).getElementType()) : Value();
    if (!given)
      return {};
    return dlc::dequantizeGates(context.builder, context.location, weight, given, zero,
                                [&](const Twine &message) { context.error(message); });
  };
  operation.weight = dequantize(operation.weight, dlc::WeightScale, dlc::WeightZeroPoint);
  operation.recurrent = dequantize(operation.recurrent, dlc::RecurrentScale, dlc::RecurrentZeroPoint);
  return operation.weight && operation.recurrent;
}

template <dlc::RecurrentKind kind, bool isQuantized = false> static NodeResults buildRecurrent(NodeContext &context) {
  const Attributes &attributes = context.attributes;
  dlc::OnnxRecurrence operation{kind};
  operation.takeOperands([&](size_t i) { return context.hasInput(i) ? context.operand(i) : Value(); });
  if (kind == dlc::RecurrentKind::Lstm)
    operation.couplesGates = context.flag("input_forget");
  // An operand that could not be made has been reported.
  Value made[] = {operation.x,       operation.weight,        operation.recurrent,   operation.bias,
                  operation.lengths, operation.initialHidden, operation.initialCell, operation.peepholes};
  for (auto [i, value] : llvm::enumerate(made))
    if (context.hasInput(i) && !value)
      return {};
  if (isQuantized && !dequantizeWeights(context, operation))
    return {};
  operation.direction = attributes.string("direction").str();
  if (const JsonValue *names = attributes.find("activations"))
    for (const JsonValue &name : names->elements)
      operation.activations.push_back(name.string);
  operation.alphas = attributes.numbers("activation_alpha");
  operation.betas = attributes.numbers("activation_beta");
  if (const JsonValue *clip = attributes.find("clip"))
    operation.clip = clip->number;
  if (attributes.isGiven("hidden_size"))
    operation.units = attributes.integer("hidden_size");
  if (kind == dlc::RecurrentKind::Gru)
    operation.resetsAfter = context.flag("linear_before_reset");
  operation.isBatchFirst = context.flag("layout");
  operation.wantsSequence = context.hasOutput(0);
  std::optional<dlc::OnnxRecurrenceResults> results = dlc::buildOnnxRecurrence(
      context.builder, context.location, operation, [&](const Twine &message) { context.error(message); });
  if (!results)
    return {};
  return {results->sequence, results->hidden, results->cell};
}

void dlc::json::addRecurrentNodes(std::vector<NodeKind> &kinds) {
  std::vector<std::string> names;
  for (StringRef name : dlc::getGateActivationNames())
    names.push_back(name.str());
  auto fields = [&](std::vector<Field> more) {
    std::vector<Field> fields = {
        optional("hidden_size", integer(1, INT32_MAX), "", "Units; what the weights have, if missing"),
        optional("direction", choice({"forward", "reverse", "bidirectional"}), "\"forward\"", "Which way time runs"),
        optional("activations", list(choice(names), 1, 6), "", "Activations, direction by direction"),
        optional("activation_alpha", list(number()), "[]", "Numbers for the activations that take some, in order"),
        optional("activation_beta", list(number()), "[]", "Second numbers of those that take two"),
        optional("clip", number(0), "", "Limit of the inputs of activations"),
        optional("layout", flagRule(), "0", "Whether the batch comes before time")};
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  };
  kinds.push_back({"RNN", 3, 6, 2, fields({}), buildRecurrent<dlc::RecurrentKind::Elman>});
  kinds.push_back(
      {"GRU", 3, 6, 2,
       fields({optional("linear_before_reset", flagRule(), "0", "Whether the reset gate works on the product")}),
       buildRecurrent<dlc::RecurrentKind::Gru>});
  std::vector<Field> lstm =
      fields({optional("input_forget", flagRule(), "0", "Whether the forget gate is 1 - the input gate")});
  kinds.push_back({"LSTM", 3, 8, 3, lstm, buildRecurrent<dlc::RecurrentKind::Lstm>});
  kinds.push_back({"com.microsoft.DynamicQuantizeLSTM", 3, 12, 3, lstm,
                   buildRecurrent<dlc::RecurrentKind::Lstm, /*isQuantized=*/true>});
}
