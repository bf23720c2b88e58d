// SPDX-License-Identifier: Apache-2.0
// Layers for sequences: vectors of tokens, and any layer at every step.
#include "frontend/json/Elements.h"
#include "frontend/json/LayerKinds.h"
#include "frontend/json/TensorRules.h"
#include "ir/Annotations.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsTransposition.h"

using namespace mlir;
using namespace dlc::json;

static Value buildEmbedding(LayerContext &context) {
  Type tokens = typeOf(context.input()).getElementType();
  if (!tokens.isInteger() || tokens.isInteger(1))
    return context.error("expects integers, got " + describeTensor(context.input()));
  LayerParameter weight = {"weight", {"embeddings"}, "uniform", "embeddings_initializer", true};
  weight.elementType = getElementType(context.attributes.string("type"), context.builder.getContext());
  Value table =
      context.parameter(weight, {context.attributes.integer("vocabulary"), context.attributes.integer("units")});
  Value rows = context.create<dlc::GatherOp>(table, context.input(), static_cast<uint64_t>(0));
  // Tokens do not count from the end.
  if (rows)
    dlc::annotation::vocabulary.set(rows.getDefiningOp(), context.builder.getUnitAttr());
  return rows;
}

/// [N T, ...] for the wrapped layer, which treats every step as a sample of its own.
static Value buildMerged(LayerContext &context) {
  RankedTensorType type = typeOf(context.input());
  SmallVector<int64_t> merged = {-1}, split;
  for (int64_t dim = 2; dim < type.getRank(); ++dim)
    merged.push_back(type.isDynamicDim(dim) ? -2 - dim : type.getDimSize(dim));
  Value steps = context.reshape(context.input(), merged);
  std::optional<LayerContext> inner = steps ? context.enter("layer", steps, "") : std::nullopt;
  Value result = inner ? inner->build() : Value();
  if (!result)
    return {};
  for (int64_t dim : {0, 1})
    split.push_back(type.isDynamicDim(dim) ? -1 : type.getDimSize(dim));
  for (int64_t dim = 1; dim < typeOf(result).getRank(); ++dim)
    split.push_back(typeOf(result).isDynamicDim(dim) ? -2 - dim : typeOf(result).getDimSize(dim));
  return context.reshape(result, split);
}

/// A loop over time, where neither the batch nor the number of steps is known.
static Value buildLoop(LayerContext &context) {
  RankedTensorType type = typeOf(context.input());
  auto swap = [&](Value x) {
    SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, typeOf(x).getRank()));
    std::swap(permutation[0], permutation[1]);
    return context.create<dlc::TransposeOp>(x, permutation);
  };
  assert(type.getRank() >= 2 && "the caller has looked at the rank");
  Value steps = swap(context.input());
  dlc::LoopBuilder loop(context.builder, context.location, ValueRange(), steps);
  std::optional<LayerContext> inner = context.enter("layer", loop.getScanSlice(0), "");
  Value result = inner ? inner->build() : Value();
  return result ? swap(loop.finish({}, result)[0]) : Value();
}

static Value buildTimeDistributed(LayerContext &context) {
  RankedTensorType type = typeOf(context.input());
  if (type.getRank() < 2)
    return context.error("expects an input [N, T, ...] of rank 2 or more, got " + describeTensor(context.input()));
  return type.isDynamicDim(0) && type.isDynamicDim(1) ? buildLoop(context) : buildMerged(context);
}

void dlc::json::addSequenceLayers(std::vector<LayerKind> &kinds, const RulePtr &anyLayer) {
  kinds.push_back({"embedding",
                   "A vector for every integer",
                   {required("vocabulary", integer(1, INT32_MAX), "Number of different integers, from 0 on"),
                    required("units", integer(1, INT32_MAX), "Elements of a vector"),
                    optional("type", getElementTypeRule(), "\"f32\"", "Element type of the vectors"),
                    optional("embeddings_initializer", getInitializerRule(), "", "First values (uniform)")},
                   buildEmbedding});
  kinds.push_back({"time_distributed",
                   "A layer at every step of [N, T, ...]",
                   {required("layer", anyLayer, "The layer")},
                   buildTimeDistributed});
}
