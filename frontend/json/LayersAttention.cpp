// SPDX-License-Identifier: Apache-2.0
// Attention with its projections, and the layers that encode positions.
#include "frontend/json/AttentionCache.h"
#include "frontend/json/LayerKinds.h"
#include "ir/OpsConversion.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLinear.h"
#include "ir/OpsMovement.h"

using namespace mlir;
using namespace dlc::json;

namespace {

/// The parts of an attention layer that have parameters.
struct Projection {
  StringRef weight, bias;
};
constexpr Projection queryProjection = {"query_weight", "query_bias"}, keyProjection = {"key_weight", "key_bias"},
                     valueProjection = {"value_weight", "value_bias"},
                     outputProjection = {"output_weight", "output_bias"};

} // namespace

/// x W^T + b over the last dimension, which has `features` elements.
static Value project(LayerContext &context, const Projection &projection, Value x, int64_t features, int64_t units) {
  LayerParameter weight = LayerParameter::weight({1, 0}), bias = LayerParameter::bias();
  weight.role = projection.weight;
  bias.role = projection.bias;
  Value result =
      context.create<dlc::MatMulOp>(x, context.parameter(weight, {units, features}), /*transpose_lhs=*/false, true);
  return context.attributes.boolean("use_bias") ? context.add(result, context.parameter(bias, {units})) : result;
}

/// The features of `x`, [batch, length, features]; nothing, with an error that calls it `what`, if it is something
/// else.
static std::optional<int64_t> expectFeatures(LayerContext &context, Value x, StringRef what) {
  RankedTensorType type = typeOf(x);
  if (type.getRank() == 3 && !type.isDynamicDim(2))
    return type.getDimSize(2);
  context.error("expects " + what + " [batch, length, features] with known features, got " + describeTensor(x));
  return std::nullopt;
}

static Value buildAttention(LayerContext &context) {
  Value x = context.input(), memory = context.inputs.size() > 1 ? context.inputs[1] : x;
  std::optional<int64_t> features = expectFeatures(context, x, "an input"),
                         memoryFeatures = expectFeatures(context, memory, "keys and values");
  if (!features || !memoryFeatures)
    return {};
  int64_t heads = context.attributes.integer("heads");
  int64_t keyHeads = context.attributes.isGiven("kv_heads") ? context.attributes.integer("kv_heads") : heads;
  if (heads % keyHeads != 0)
    return context.error("kv_heads", "has " + Twine(keyHeads) + " heads of keys, which do not divide its " +
                                         Twine(heads) + " heads of queries");
  bool hasSize = context.attributes.isGiven("head_size");
  if (!hasSize && *features % heads != 0)
    return context.error("heads", "does not divide its " + Twine(*features) + " features into " + Twine(heads) +
                                      " heads; give 'head_size'");
  int64_t size = hasSize ? context.attributes.integer("head_size") : *features / heads;
  int64_t valueSize = context.attributes.isGiven("value_size") ? context.attributes.integer("value_size") : size;
  int64_t units = context.attributes.isGiven("units") ? context.attributes.integer("units") : *features;

  // Keys and values of other tensors (an encoder's) are there as a whole.
  bool keeps = context.keepsState() && memory == x;
  if (keeps && (!context.attributes.boolean("causal") || !context.attributes.isGiven("max_length")))
    return context.error(
        "sees a part of its sequence at a time: it must be 'causal', and needs a 'max_length', the most "
        "positions whose keys and values it keeps");
  if (keeps && context.inputs.size() > 2)
    return context.error("cannot take a mask where it keeps keys and values");
  std::optional<int64_t> most;
  if (keeps)
    most = context.attributes.integer("max_length");
  std::optional<KeptPositions> positions = keeps ? keepPositions(context, most) : KeptPositions();
  if (!positions)
    return {};
  AttentionParts parts;
  parts.query = splitHeads(context, project(context, queryProjection, x, *features, heads * size), heads);
  parts.key = splitHeads(context, project(context, keyProjection, memory, *memoryFeatures, keyHeads * size), keyHeads);
  parts.value =
      splitHeads(context, project(context, valueProjection, memory, *memoryFeatures, keyHeads * valueSize), keyHeads);
  if (context.attributes.isGiven("rotary")) {
    if (size % 2 != 0)
      return context.error("rotary", "turns pairs of elements, but heads have " + Twine(size));
    double base = context.attributes.number("rotary");
    parts.query = rotate(context, parts.query, countPositions(context, parts.query, 2, *positions), base);
    parts.key = rotate(context, parts.key, countPositions(context, parts.key, 2, *positions), base);
  }
  if (keeps && !extendCache(context, parts, *positions, *most))
    return {};
  if (context.inputs.size() > 2) {
    parts.mask = broadcastMask(context, context.inputs[2]);
    if (!parts.mask)
      return {};
  }
  parts.isCausal = context.attributes.boolean("causal");
  if (context.attributes.isGiven("window"))
    parts.window = context.attributes.integer("window");
  return context.activate(
      project(context, outputProjection, mergeHeads(context, attend(context, parts)), heads * valueSize, units));
}

/// Adds a table's row for each position, `table: [positions, features]`.
static Value addRows(LayerContext &context, Value x, Value table, const KeptPositions &positions) {
  return context.add(
      x, context.create<dlc::GatherOp>(table, countPositions(context, x, 1, positions), static_cast<uint64_t>(0)));
}

static Value buildLearnedPositions(LayerContext &context) {
  std::optional<int64_t> features = expectFeatures(context, context.input(), "an input");
  if (!features)
    return {};
  int64_t length = context.attributes.integer("length"), given = typeOf(context.input()).getDimSize(1);
  if (!ShapedType::isDynamic(given) && given > length)
    return context.error("length", "has " + Twine(length) + " positions for an input of length " + Twine(given));
  Value table = context.parameter({"weight", {}, "normal", "initializer"}, {length, *features});
  std::optional<KeptPositions> positions = keepPositions(context, length);
  return positions ? addRows(context, context.input(), table, *positions) : Value();
}

static Value buildSinusoidalPositions(LayerContext &context) {
  Value x = context.input();
  std::optional<int64_t> features = expectFeatures(context, x, "an input");
  if (!features)
    return {};
  if (*features % 2 != 0)
    return context.error("expects an even number of features, got " + describeTensor(x));
  Type type = typeOf(x).getElementType();
  std::optional<KeptPositions> positions = keepPositions(context, std::nullopt);
  if (!positions)
    return {};
  Value angles =
      makeAngles(context, countPositions(context, x, 1, *positions), *features / 2, context.attributes.number("base"));
  Value sine = context.create<dlc::SinOp>(angles), cosine = context.create<dlc::CosOp>(angles), table;
  if (context.attributes.boolean("interleaved")) {
    // sin, cos, sin, cos, ...
    Value pairs[] = {context.reshape(sine, {-2, *features / 2, 1}), context.reshape(cosine, {-2, *features / 2, 1})};
    table =
        context.reshape(context.create<dlc::ConcatOp>(ValueRange(pairs), static_cast<uint64_t>(2)), {-2, *features});
  } else {
    Value halves[] = {sine, cosine};
    table = context.create<dlc::ConcatOp>(ValueRange(halves), static_cast<uint64_t>(1));
  }
  return context.add(x, context.create<dlc::CastOp>(table, type));
}

void dlc::json::addAttentionLayers(std::vector<LayerKind> &kinds) {
  std::vector<Field> fields = {
      required("heads", integer(1, INT32_MAX), "Number of heads of queries"),
      optional("kv_heads", integer(1, INT32_MAX), "",
               "Number of heads of keys and values; as many as of queries if missing"),
      optional("head_size", integer(1, INT32_MAX), "",
               "Elements of a query and key of one head; features / heads if missing"),
      optional("value_size", integer(1, INT32_MAX), "", "Elements of a value of one head; head_size if missing"),
      optional("units", integer(1, INT32_MAX), "", "Number of outputs; as many as features if missing"),
      optional("causal", boolean(), "false", "Whether a position attends only to itself and those before it"),
      optional("window", integer(0, INT32_MAX), "",
               "How many positions before itself a position attends to; all if missing"),
      optional("rotary", number(1), "", "Base of rotary positions (10000); none if missing"),
      statefulField(),
      optional(
          "max_length", integer(1, INT32_MAX), "",
          "Maximum number of positions whose keys and values are kept, where it sees a part of a sequence at a time")};
  llvm::append_range(fields, weightFields());
  fields.push_back(
      optional("inputs", list(string(), 1, 3), "",
               "Names of queries, keys and values (the queries if missing), and a mask; the layer before if missing"));
  kinds.push_back({"attention",
                   "Multi-head attention with its projections; inputs: queries, keys and values (the same "
                   "if missing), mask",
                   std::move(fields), buildAttention, /*takesSeveralInputs=*/true});
  kinds.push_back(
      {"learned_positions",
       "Adds a trained row for every position of [batch, length, features]",
       {required("length", integer(1, INT32_MAX), "Number of positions; those beyond use the last row"),
        statefulField(), optional("initializer", getInitializerRule(), "", "Initializer of the rows (normal)")},
       buildLearnedPositions});
  kinds.push_back(
      {"sinusoidal_positions",
       "Adds sines and cosines of the position to [batch, length, features]",
       {optional("base", number(1), "10000", "Ratio of the longest wavelength to the shortest, about"), statefulField(),
        optional("interleaved", boolean(), "true", "Whether sines and cosines alternate, or cosines follow sines")},
       buildSinusoidalPositions});
}
