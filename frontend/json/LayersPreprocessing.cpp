// SPDX-License-Identifier: Apache-2.0
// Preprocessing layers: the same in training and in prediction.
#include "frontend/json/Elements.h"
#include "frontend/json/LayerKinds.h"
#include "frontend/json/TensorRules.h"
#include "ir/OpsComparison.h"
#include "ir/OpsConversion.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsNormalization.h"

using namespace mlir;
using namespace dlc::json;

/// The input in floating point: integers in the layer's `type`.
static Value castToReal(LayerContext &context) {
  Value x = context.input();
  if (isa<FloatType>(typeOf(x).getElementType()))
    return x;
  const JsonValue *name = context.attributes.find("type");
  Type type = getElementType(name ? StringRef(name->string) : "f32", context.builder.getContext());
  if (!isa<FloatType>(type))
    return context.error("type", "gives floating-point numbers, not " + describeType(type));
  return context.create<dlc::CastOp>(x, type);
}

static Value buildRescaling(LayerContext &context) {
  Value result = castToReal(context);
  if (!result)
    return {};
  Type type = typeOf(result).getElementType();
  if (context.attributes.isGiven("scale"))
    result = context.multiply(result, context.constant(context.attributes.number("scale"), type));
  if (context.attributes.isGiven("offset"))
    result = context.add(result, context.constant(context.attributes.number("offset"), type));
  return result;
}

/// (x - mean) / std of each channel, as one product and one sum.
static Value buildNormalize(LayerContext &context) {
  Value x = castToReal(context);
  if (!x)
    return {};
  RankedTensorType type = typeOf(x);
  if (type.getRank() < 2)
    return context.error("expects an input [N, C, ...] of rank 2 or more, got " + describeTensor(x));
  SmallVector<double> means = context.attributes.numbers("mean"), deviations = context.attributes.numbers("std");
  for (StringRef key : {"mean", "std"})
    if (size_t count = context.attributes.numbers(key).size();
        count != 1 && static_cast<int64_t>(count) != type.getDimSize(1))
      return context.error(key, "needs one '" + key + "' for all channels or one each, and its input is " +
                                    describeTensor(x));
  size_t channels = std::max(means.size(), deviations.size());
  means.resize(channels, means.front());
  deviations.resize(channels, deviations.front());
  SmallVector<double> factors, offsets;
  for (auto [mean, deviation] : llvm::zip(means, deviations)) {
    if (deviation <= 0)
      return context.error("std", "needs deviations above 0");
    factors.push_back(1 / deviation);
    offsets.push_back(-mean / deviation);
  }
  SmallVector<int64_t> column(type.getRank() - 1, 1);
  column[0] = static_cast<int64_t>(channels);
  auto factor = context.numbers(factors, column, type.getElementType()),
       offset = context.numbers(offsets, column, type.getElementType());
  return context.add(context.multiply(x, factor), offset);
}

/// Layer normalization over all that a sample has, without parameters.
static Value buildStandardize(LayerContext &context) {
  Value x = castToReal(context);
  if (!x)
    return {};
  if (typeOf(x).getRank() < 2)
    return context.error("expects an input [N, ...] of rank 2 or more, got " + describeTensor(x));
  return context.create<dlc::LayerNormOp>(x, OptionalOperand{}, OptionalOperand{}, uint64_t(1),
                                          llvm::APFloat(context.attributes.number("epsilon")), false);
}

static Value buildOneHot(LayerContext &context) {
  RankedTensorType type = typeOf(context.input());
  if (!isa<IntegerType>(type.getElementType()))
    return context.error("expects integers, got " + describeTensor(context.input()));
  const JsonValue *name = context.attributes.find("type");
  Type elementType = getElementType(name ? StringRef(name->string) : "f32", context.builder.getContext());
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    shape.push_back(-2 - dim);
  shape.push_back(1);
  Type i64 = context.builder.getI64Type();
  int64_t classes = context.attributes.integer("classes");
  Value numbers =
            context.create<dlc::IotaOp>(llvm::APFloat(0.0), llvm::APFloat(1.0), static_cast<uint64_t>(classes), i64),
        given = context.input();
  if (type.getElementType() != i64)
    given = context.create<dlc::CastOp>(given, i64);
  Value isClass = context.create<dlc::EqualOp>(context.reshape(given, shape), numbers);
  return context.create<dlc::CastOp>(isClass, elementType);
}

void dlc::json::addPreprocessingLayers(std::vector<LayerKind> &kinds) {
  Field type = optional("type", getElementTypeRule(), "", "Element type of the result, if the input is integers (f32)");
  RulePtr channels = either({number(), list(number(), 1)}, "a number or a list of numbers, one per channel");
  kinds.push_back({"rescaling",
                   "x * scale + offset; integers become floating-point numbers before",
                   {optional("scale", number(), "1", "Factor"), optional("offset", number(), "0", "Added after"), type},
                   buildRescaling});
  kinds.push_back({"normalize",
                   "(x - mean) / std of each channel",
                   {required("mean", channels, "Mean of all channels, or of each"),
                    required("std", channels, "Standard deviation of all channels, or of each"), type},
                   buildNormalize});
  kinds.push_back({"standardize",
                   "Zero mean and unit variance over each sample",
                   {optional("epsilon", number(0), "1e-5", "Added to the variance"), type},
                   buildStandardize});
  kinds.push_back({"one_hot",
                   "1 at the index given by each integer, else 0: [...] to [..., classes]",
                   {required("classes", integer(1, INT32_MAX), "Number of classes"),
                    optional("type", getElementTypeRule(), "", "Element type of the result (f32)")},
                   buildOneHot});
}
