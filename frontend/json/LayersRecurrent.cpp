// SPDX-License-Identifier: Apache-2.0
// Recurrent layers, over [N, T, features].
#include "frontend/Recurrence.h"
#include "frontend/json/LayerKinds.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsMovement.h"
#include "ir/OpsTransposition.h"

using namespace mlir;
using namespace dlc::json;

static std::optional<dlc::RecurrentKind> findRecurrentKind(StringRef op) {
  if (op == "rnn")
    return dlc::RecurrentKind::Elman;
  if (op == "gru")
    return dlc::RecurrentKind::Gru;
  if (op == "lstm")
    return dlc::RecurrentKind::Lstm;
  return std::nullopt;
}

/// The activation that `key` names, for the gates of a cell.
static dlc::GateActivation getActivation(LayerContext &context, StringRef key) {
  const JsonValue *value = context.attributes.find(key);
  return [&context, value](OpBuilder &, Location, Value x) {
    Value result = buildActivation(context, *value, x);
    // After an error, which has been reported, the rest of the step is still checked.
    return result ? result : x;
  };
}

static dlc::RecurrentCell getCell(LayerContext &context, dlc::RecurrentKind kind) {
  dlc::RecurrentCell cell;
  cell.kind = kind;
  if (kind != dlc::RecurrentKind::Elman)
    cell.activations.push_back(getActivation(context, "recurrent_activation"));
  cell.activations.push_back(getActivation(context, "activation"));
  if (kind == dlc::RecurrentKind::Lstm)
    cell.activations.push_back(getActivation(context, "activation"));
  cell.gates = kind == dlc::RecurrentKind::Lstm ? "ifco" : kind == dlc::RecurrentKind::Gru ? "zrh" : "h";
  cell.resetsAfter = kind == dlc::RecurrentKind::Gru && context.attributes.boolean("reset_after");
  return cell;
}

static dlc::RecurrentWeights getWeights(LayerContext &context, const dlc::RecurrentCell &cell, int64_t features,
                                        int64_t units) {
  int64_t rows = static_cast<int64_t>(cell.gates.size()) * units;
  dlc::RecurrentWeights weights;
  LayerParameter recurrent = {"recurrent_weight", {}, "orthogonal", "recurrent_initializer"};
  LayerParameter recurrentBias = {"recurrent_bias", {}, "zeros", "bias_initializer"};
  weights.input = context.parameter(LayerParameter::weight({}), {rows, features});
  weights.recurrent = context.parameter(recurrent, {rows, units});
  if (context.attributes.boolean("use_bias")) {
    weights.inputBias = context.parameter(LayerParameter::bias(), {rows});
    if (cell.resetsAfter)
      weights.recurrentBias = context.parameter(recurrentBias, {rows});
  }
  return weights;
}

/// The number of valid steps of each sequence, if the layer is given some; false after an error.
static bool readLengths(LayerContext &context, Value &lengths) {
  lengths = context.references.empty("lengths") ? Value() : context.references.get("lengths").front();
  if (!lengths)
    return true;
  RankedTensorType type = typeOf(lengths);
  int64_t batch = typeOf(context.input()).getDimSize(0);
  bool fits = type.getRank() == 1 && type.getElementType().isInteger() && !type.getElementType().isInteger(1) &&
              (type.isDynamicDim(0) || ShapedType::isDynamic(batch) || type.getDimSize(0) == batch);
  if (!fits)
    context.error("lengths", "needs an integer for each sequence [N] as its lengths, got " + describeTensor(lengths));
  return fits;
}

/// The state before the first step: of another layer, or from who keeps this layer's; false after an error.
static bool beginStates(LayerContext &context, ArrayRef<StringRef> roles, int64_t units, SmallVector<Value> &states) {
  ArrayRef<Value> given = context.references.get("initial_state");
  if (given.empty()) {
    for (StringRef role : roles)
      states.push_back(context.beginState(role, {-2, units}));
    return !llvm::is_contained(states, Value());
  }
  int64_t batch = typeOf(context.input()).getDimSize(0);
  if (given.size() > roles.size()) {
    context.error("initial_state", "expects " + Twine(roles.size()) + " initial state" +
                                       (roles.size() == 1 ? "" : "s") + ", got " + Twine(given.size()));
    return false;
  }
  auto expected = RankedTensorType::get({batch, units}, typeOf(context.input()).getElementType());
  for (Value value : given)
    if (typeOf(value).getElementType() != expected.getElementType() ||
        failed(verifyCompatibleShape(typeOf(value), expected))) {
      context.error("initial_state", "needs an initial state " +
                                         describeTensor(expected.getElementType(),
                                                        {describeExtents(context.input())[0], std::to_string(units)}) +
                                         ", got " + describeTensor(value));
      return false;
    }
  for (auto [number, role] : llvm::enumerate(roles)) {
    StateRequest request{role, expected.getElementType(), {-2, units}, context.input()};
    request.initial = number < given.size() ? given[number] : Value();
    states.push_back(context.beginState(request));
  }
  return !llvm::is_contained(states, Value());
}

/// In training: 0 for the share `key` of the elements of `shape` (in the convention of `dlc.fill` of the input), and
/// what keeps sums as they are on average for the others. A sequence has the same ones in all of its steps. Null
/// without dropout.
static Value createDropout(LayerContext &context, StringRef key, ArrayRef<int64_t> shape) {
  double rate = context.attributes.number(key);
  if (!context.training || rate == 0)
    return {};
  if (rate == 1)
    return context.error(key, "drops all elements in training: give '" + key + "' below 1");
  Value ones =
      context.create<dlc::FillOp>(context.input(), shape, llvm::APFloat(1.0), typeOf(context.input()).getElementType());
  return context.training->drop(context, ones, rate);
}

/// A layer, or one direction of a bidirectional one, where `flips` says that it runs against the layer's own direction.
static Value buildDirection(LayerContext &context, dlc::RecurrentKind kind, bool flips) {
  if (!context.expectRank(3))
    return {};
  std::optional<int64_t> features = context.expectExtent(2, "the number of features");
  Value lengths;
  if (!features || !readLengths(context, lengths))
    return {};
  if (!isa<FloatType>(typeOf(context.input()).getElementType()))
    return context.error("expects numbers with a fraction, got " + describeTensor(context.input()));
  int64_t units = context.attributes.integer("units");
  dlc::RecurrentCell cell = getCell(context, kind);
  dlc::RecurrentWeights weights = getWeights(context, cell, *features, units);
  SmallVector<StringRef> roles = {"hidden"};
  if (kind == dlc::RecurrentKind::Lstm)
    roles.push_back("cell");
  SmallVector<Value> states;
  if (!beginStates(context, roles, units, states))
    return {};
  bool wantsSequence = context.attributes.boolean("return_sequences");
  Value kept = createDropout(context, "dropout", {-2, 1, *features}), input = context.input();
  if (kept)
    input = context.multiply(input, kept);
  weights.stateFactor = createDropout(context, "recurrent_dropout", {-2, units});
  Value x = context.create<dlc::TransposeOp>(input, ArrayRef<int64_t>{1, 0, 2});
  dlc::RecurrentResults results =
      dlc::buildRecurrence(context.builder, context.location, cell, weights, x, lengths,
                           {states[0], states.size() > 1 ? states[1] : Value()},
                           context.attributes.boolean("go_backwards") != flips, wantsSequence);
  Value last[] = {results.state.hidden, results.state.cell};
  for (auto [role, value] : llvm::zip(roles, last)) {
    context.endState(role, value);
    context.addResult(role, value);
  }
  return wantsSequence ? context.create<dlc::TransposeOp>(results.sequence, ArrayRef<int64_t>{1, 0, 2})
                       : results.state.hidden;
}

static Value buildRecurrentLayer(LayerContext &context) {
  return buildDirection(context, *findRecurrentKind(context.kind), /*flips=*/false);
}

static Value buildBidirectional(LayerContext &context) {
  if (context.keepsState())
    return context.error("cannot run a step at a time: backwards, the sequence's end comes first");
  if (!context.expectRank(3))
    return {};
  SmallVector<Value, 2> results;
  ArrayRef<Value> initial = context.references.get("initial_state");
  for (bool flips : {false, true}) {
    std::optional<LayerContext> inner = context.enter("layer", context.input(), flips ? "backward." : "forward.");
    if (!inner)
      return {};
    std::optional<dlc::RecurrentKind> kind = findRecurrentKind(inner->kind);
    if (!kind)
      return context.error("layer", "runs an rnn, lstm or gru in both directions, not '" + inner->kind + "'");
    if (initial.size() % 2 != 0)
      return context.error("initial_state",
                           "expects the initial states of the forward layer, then of the backward layer");
    inner->references.set("lengths", context.references.get("lengths"));
    size_t half = initial.size() / 2;
    inner->references.set("initial_state", initial.slice(flips ? half : 0, half));
    results.push_back(buildDirection(*inner, *kind, flips));
    context.takeResults(*inner);
  }
  Value forward = results[0], backward = results[1];
  if (!forward || !backward)
    return {};
  StringRef mode = context.attributes.string("merge_mode");
  if (mode == "concat")
    return context.create<dlc::ConcatOp>(ValueRange(results), static_cast<uint64_t>(typeOf(forward).getRank() - 1));
  if (mode == "multiply")
    return context.multiply(forward, backward);
  Value sum = context.add(forward, backward);
  return mode == "sum" ? sum : context.multiply(sum, context.constant(0.5, typeOf(forward).getElementType()));
}

/// Keys of all recurrent layers.
static std::vector<Field> recurrentFields(bool hasGates) {
  std::vector<Field> fields = {
      required("units", integer(1, INT32_MAX), "Number of outputs a step"),
      optional("activation", getActivationRule(), "\"tanh\"", "What is applied to the state"),
  };
  if (hasGates)
    fields.push_back(
        optional("recurrent_activation", getActivationRule(), "\"sigmoid\"", "What is applied to the gates"));
  for (Field &field : std::vector<Field>{
           optional("use_bias", boolean(), "true", "Whether biases are added"),
           optional("return_sequences", boolean(), "false", "Whether the result is every step's, or the last one's"),
           optional("go_backwards", boolean(), "false", "Whether the last step of a sequence comes first"),
           statefulField(),
           optional("dropout", number(0, 1), "0",
                    "Share of inputs that training drops, the same in all steps of a sequence; nothing in inference"),
           optional("recurrent_dropout", number(0, 1), "0",
                    "Share of states that training drops from their product with the recurrent weights"),
           optional("kernel_initializer", getInitializerRule(), "", "Initializer of the weights (glorot_uniform)"),
           optional("recurrent_initializer", getInitializerRule(), "",
                    "Initializer of the recurrent weights (orthogonal)"),
           optional("bias_initializer", getInitializerRule(), "", "Initializer of the biases (zeros)")})
    fields.push_back(std::move(field));
  return fields;
}

/// Keys that name tensors of a sequence beside the input.
static std::vector<Field> referenceFields(std::string states) {
  return {optional("lengths", string(), "", "Name of a tensor [N]: the valid steps of each sequence"),
          optional("initial_state", either({string(), list(string(), 1, 4)}, "the name of a tensor or a list of them"),
                   "", std::move(states))};
}

void dlc::json::addRecurrentLayers(std::vector<LayerKind> &kinds, const RulePtr &anyLayer) {
  auto add = [&](std::string name, std::string summary, std::vector<Field> more) {
    bool hasGates = name != "rnn";
    LayerKind kind{std::move(name), std::move(summary), recurrentFields(hasGates), buildRecurrentLayer};
    llvm::append_range(kind.fields, more);
    llvm::append_range(kind.fields, referenceFields("Names of the state [N, units] before the first step (zero); of an "
                                                    "lstm: hidden, and perhaps cell"));
    kind.references = {"lengths", "initial_state"};
    kinds.push_back(std::move(kind));
  };
  add("rnn", "Recurrent layer of one activation (Elman)", {});
  add("lstm", "Long short-term memory", {});
  add("gru", "Gated recurrent unit",
      {optional("reset_after", boolean(), "true", "Whether the reset gate works on the product, or before it")});
  LayerKind both{"bidirectional",
                 "A recurrent layer in both directions",
                 {required("layer", anyLayer, "The rnn, lstm or gru"),
                  optional("merge_mode", choice({"concat", "sum", "average", "multiply"}), "\"concat\"",
                           "How the two results are merged")},
                 buildBidirectional};
  llvm::append_range(both.fields, referenceFields("Names of the states before the first step: forward, then backward"));
  both.references = {"lengths", "initial_state"};
  kinds.push_back(std::move(both));
}
