// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/LayerContext.h"
#include "frontend/json/Elements.h"
#include "ir/OpsControl.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace dlc::json;

/// The dimensions that a layer of this kind takes, as it calls them; empty if it takes any.
static StringRef describeForm(StringRef kind) {
  if (kind.ends_with("1d"))
    return "[N, C, W]";
  if (kind.ends_with("2d"))
    return "[N, C, H, W]";
  if (kind.ends_with("3d"))
    return "[N, C, D, H, W]";
  return kind == "rnn" || kind == "lstm" || kind == "gru" || kind == "bidirectional" ? "[N, T, features]" : "";
}

/// The shape `[N, C, ...]` of an input whose last extent is that of an image's colours, after all others.
static std::string putChannelsFirst(ArrayRef<int64_t> extents, int64_t channels) {
  std::string text = "[\"N\", " + std::to_string(channels);
  for (int64_t extent : extents)
    text += ", " + std::to_string(extent);
  return text + "]";
}

/// Whether the last of these extents may be the colours of an image.
static bool looksLikeChannelsLast(ArrayRef<int64_t> extents) {
  return extents.size() == 3 && llvm::is_contained({1, 3, 4}, extents[2]) && extents[0] == extents[1] && extents[0] > 4;
}

const LayerKind *dlc::json::findLayerKind(ArrayRef<LayerKind> kinds, StringRef name) {
  const LayerKind *found = llvm::find_if(kinds, [&](const LayerKind &kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : found;
}

LayerContext::LayerContext(OpContext base, const LayerKind &kind, ArrayRef<LayerKind> kinds, SmallVector<Value> inputs,
                           Parameters &parameters, StateScope &states)
    : OpContext(std::move(base)), kind(kind.name), inputs(std::move(inputs)), described(&kind), kinds(kinds),
      parameters(parameters), states(states) {}

bool LayerContext::expectRank(int64_t rank) {
  StringRef form = describeForm(kind);
  RankedTensorType type = typeOf(input());
  bool isModelInput = isa<BlockArgument>(input());
  if (type.getRank() == rank) {
    ArrayRef<int64_t> extents = type.getShape().drop_front();
    if (isModelInput && form == "[N, C, H, W]" && looksLikeChannelsLast(extents))
      reporter.warning(position, label + " takes images [N, C, H, W], and its input " + describeTensor(input()) +
                                     " looks like [N, H, W, C]: give the input the shape " +
                                     putChannelsFirst(extents.drop_back(), extents.back()) +
                                     ", or put a layer \"permute\" before it");
    return true;
  }
  std::string hint;
  if (form == "[N, T, features]" && input().getDefiningOp<LoopOp>())
    hint = "; the recurrent layer before it returns its last state only: give that one \"return_sequences\": true";
  else if (isModelInput && form == "[N, C, H, W]" && looksLikeChannelsLast(type.getShape()))
    hint = "; its dimensions are " + form.str() + ", with the batch first: give the input the shape " +
           putChannelsFirst(type.getShape().drop_back(), type.getShape().back());
  else if (!form.empty())
    hint = "; its dimensions are " + form.str();
  error("expects a rank-" + Twine(rank) + " input, got " + describeTensor(input()) + hint);
  return false;
}

std::optional<int64_t> LayerContext::expectExtent(int64_t dim, StringRef meaning) {
  RankedTensorType type = typeOf(input());
  if (!type.isDynamicDim(dim))
    return type.getDimSize(dim);
  error("needs to know " + meaning + " (dimension " + Twine(dim) + ") of its input, got " + describeTensor(input()));
  return std::nullopt;
}

Value LayerContext::parameter(const LayerParameter &description, ArrayRef<int64_t> shape) {
  ParameterRequest request;
  request.owner = name;
  request.role = rolePrefix + description.role.str();
  request.otherRoles = description.otherRoles;
  request.type = RankedTensorType::get(shape, description.elementType ? description.elementType
                                                                      : typeOf(input()).getElementType());
  request.kernelOrder = description.kernelOrder;
  request.isTransposed = description.isTransposed;
  request.kind = description.kind;
  request.position = position;
  request.label = label;
  const std::optional<Initializer> &ofModel = parameters.getSource().getDefaultInitializer();
  const JsonValue *own = description.initializerKey.empty() ? nullptr : attributes.find(description.initializerKey);
  if (own) {
    request.initializer = Initializer::parse(*own);
    request.isInitializerGiven = true;
  } else if (description.followsModel && ofModel) {
    request.initializer = *ofModel;
  } else {
    JsonValue standard;
    standard.kind = JsonValue::Kind::String;
    standard.string = description.initializer.str();
    request.initializer = Initializer::parse(standard);
  }
  return parameters.load(request, builder, location);
}

std::optional<SmallVector<int64_t>> LayerContext::spatial(StringRef key, size_t count) {
  std::optional<SmallVector<int64_t>> values = attributes.repeated(key, count);
  if (!values)
    error(key, "needs one '" + key + "' for all or " + Twine(count) + ", one per spatial dimension");
  return values;
}

Value LayerContext::activate(Value x) {
  const JsonValue *activation = attributes.find("activation");
  return x && activation ? buildActivation(*this, *activation, x) : x;
}

std::optional<LayerContext> LayerContext::enter(StringRef key, Value input, StringRef role) {
  const JsonValue &layer = *attributes.find(key);
  const LayerKind *inner = findLayerKind(kinds, layer.find("op")->string);
  assert(inner && "validated layers are of some kind");
  static ZeroStates noStates; // has no members
  auto fail = [&](Position position, const Twine &message) {
    reporter.error(position, label + " " + message);
    return std::nullopt;
  };
  if (inner->takesSeveralInputs)
    return fail(layer.position, "cannot run '" + inner->name + "', which takes several inputs");
  for (StringRef outer : {"name", "input"})
    if (const JsonValue *given = layer.find(outer))
      return fail(given->position, "has '" + outer + "' for the layer inside: give it to " + kind + " itself");
  for (StringRef reference : inner->references)
    if (const JsonValue *given = layer.find(reference))
      return fail(given->position, "has '" + reference + "' for the layer inside: give it to " + kind + " itself");
  LayerContext context(OpContext(builder, reporter, Attributes(inner->fields, &layer), name, label, layer.position),
                       *inner, kinds, {input}, parameters, noStates);
  context.rolePrefix = rolePrefix + role.str();
  context.training = training;
  const JsonValue *stateful = layer.find("stateful");
  if (stateful && stateful->boolean)
    return fail(stateful->position, "cannot keep a state for the layer inside, which starts over each time");
  return context;
}

Value LayerContext::build() { return described->build(*this); }

//===-- Fields that layers share ------------------------------------------===//

Field dlc::json::statefulField() {
  return optional("stateful", boolean(), "false",
                  "Whether the context keeps the layer's state from one run to the next");
}

std::vector<Field> dlc::json::weightFields() {
  return {optional("use_bias", boolean(), "true", "Whether a bias is added"),
          optional("activation", getActivationRule(), "", "What is applied to the result"),
          optional("kernel_initializer", getInitializerRule(), "", "Initializer of the weights (glorot_uniform)"),
          optional("bias_initializer", getInitializerRule(), "", "Initializer of the bias (zeros)")};
}

RulePtr dlc::json::sizeRule(size_t dimensions, int64_t minimum) {
  return defined("size" + std::to_string(dimensions) + "_from_" + std::to_string(minimum),
                 either({integer(minimum, INT32_MAX), list(integer(minimum, INT32_MAX), dimensions, dimensions)}));
}

//===-- Padding -----------------------------------------------------------===//

RulePtr dlc::json::paddingRule(size_t dimensions) {
  RulePtr amount = integer(0, INT32_MAX);
  return defined(
      "padding" + std::to_string(dimensions),
      either({choice({"valid", "same"}), amount, list(either({amount, list(amount, 2, 2)}), dimensions, dimensions)},
             "\"valid\", \"same\", an integer, or a list of " + std::to_string(dimensions) +
                 (dimensions == 1 ? " integer or [low, high] pair" : " integers or [low, high] pairs")));
}

std::optional<SmallVector<int64_t>> dlc::json::resolvePadding(LayerContext &context, ArrayRef<int64_t> kernel,
                                                              ArrayRef<int64_t> stride, ArrayRef<int64_t> dilation) {
  size_t count = kernel.size();
  const JsonValue &padding = *context.attributes.find("padding");
  SmallVector<int64_t> pads(2 * count, 0);
  if (padding.kind == JsonValue::Kind::Integer) {
    llvm::fill(pads, padding.integer);
  } else if (padding.isList()) {
    for (size_t i = 0; i < count; ++i) {
      const JsonValue &each = padding.elements[i];
      pads[i] = each.isList() ? each.elements[0].integer : each.integer;
      pads[count + i] = each.isList() ? each.elements[1].integer : each.integer;
    }
  } else if (padding.string == "same") {
    for (size_t i = 0; i < count; ++i) {
      int64_t reach = dilation[i] * (kernel[i] - 1), total = reach;
      // With stride 1 the extent does not matter; with another one it decides what is left over.
      if (stride[i] != 1) {
        std::optional<int64_t> extent = context.expectExtent(2 + i, "the spatial extent for padding \"same\"");
        if (!extent)
          return std::nullopt;
        int64_t windows = llvm::divideCeilSigned(*extent, stride[i]);
        total = std::max<int64_t>(0, (windows - 1) * stride[i] + reach + 1 - *extent);
      }
      pads[i] = total / 2;
      pads[count + i] = total - total / 2;
    }
  }
  return pads;
}
