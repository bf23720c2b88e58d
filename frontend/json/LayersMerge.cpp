// SPDX-License-Identifier: Apache-2.0
// Layers that combine the results of several others, named in `inputs`.
#include "frontend/json/LayerKinds.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsMovement.h"

using namespace mlir;
using namespace dlc::json;

static Value buildConcat(LayerContext &context) {
  int64_t rank = typeOf(context.input()).getRank(), axis = context.attributes.integer("axis");
  if (axis < -rank || axis >= rank)
    return context.error("axis", "has no axis " + Twine(axis) + " in its input " + describeTensor(context.input()));
  return context.create<dlc::ConcatOp>(ValueRange(context.inputs),
                                       static_cast<uint64_t>(axis < 0 ? axis + rank : axis));
}

template <typename OpTy> static Value buildFold(LayerContext &context) {
  Value result = context.input();
  for (Value other : ArrayRef(context.inputs).drop_front())
    result = context.create<OpTy>(result, other);
  return context.activate(result);
}

static Value buildAverage(LayerContext &context) {
  Value sum = context.input();
  for (Value other : ArrayRef(context.inputs).drop_front())
    sum = context.add(sum, other);
  if (!sum)
    return {};
  return context.activate(context.divide(sum, context.constant(context.inputs.size(), typeOf(sum).getElementType())));
}

void dlc::json::addMergeLayers(std::vector<LayerKind> &kinds) {
  Field activation = optional("activation", getActivationRule(), "", "What is applied to the result");
  auto add = [&](std::string name, std::string summary, std::vector<Field> fields, Value (*build)(LayerContext &)) {
    kinds.push_back({std::move(name), std::move(summary), std::move(fields), build, /*takesSeveralInputs=*/true});
  };
  add("concat", "Inputs one after another", {optional("axis", integer(), "1", "Along which dimension")}, buildConcat);
  add("add", "Sum of the inputs, broadcast", {activation}, buildFold<dlc::AddOp>);
  add("subtract", "First input minus the others, broadcast", {activation}, buildFold<dlc::SubOp>);
  add("multiply", "Product of the inputs, broadcast", {activation}, buildFold<dlc::MulOp>);
  add("average", "Mean of the inputs, broadcast", {activation}, buildAverage);
  add("maximum", "Largest of the inputs, broadcast", {activation}, buildFold<dlc::MaxOp>);
  add("minimum", "Smallest of the inputs, broadcast", {activation}, buildFold<dlc::MinOp>);
}
