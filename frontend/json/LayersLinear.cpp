// SPDX-License-Identifier: Apache-2.0
// Layers that are matrix products.
#include "frontend/json/LayerKinds.h"
#include "ir/OpsLinear.h"

using namespace mlir;
using namespace dlc::json;

static Value buildDense(LayerContext &context) {
  RankedTensorType type = typeOf(context.input());
  if (type.getRank() < 2)
    return context.error("expects an input of rank 2 or more, got " + describeTensor(context.input()));
  std::optional<int64_t> features = context.expectExtent(type.getRank() - 1, "the number of features");
  if (!features)
    return {};
  int64_t units = context.attributes.integer("units");
  Value weight = context.parameter(LayerParameter::weight({1, 0}), {units, *features});
  Value result =
      context.create<dlc::MatMulOp>(context.input(), weight, /*transpose_lhs=*/false, /*transpose_rhs=*/true);
  if (context.attributes.boolean("use_bias")) {
    Value bias = context.parameter(LayerParameter::bias(), {units});
    result = context.add(result, bias);
  }
  return context.activate(result);
}

void dlc::json::addLinearLayers(std::vector<LayerKind> &kinds) {
  std::vector<Field> fields = {required("units", integer(1, INT32_MAX), "Number of outputs")};
  llvm::append_range(fields, weightFields());
  kinds.push_back({"dense", "Matrix product over the last dimension, plus bias", std::move(fields), buildDense});
}
