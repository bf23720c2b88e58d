// SPDX-License-Identifier: Apache-2.0
// Attention whose scores and probabilities go through subgraphs of the model (ONNX's preview domain).
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsAttention.h"
#include "ir/OpsLinear.h"
#include "ir/OpsNormalization.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// The result of the subgraph that attribute `name` holds, of `x`; x itself if there is none.
Value modify(NodeImporter &node, StringRef name, Value x) {
  const onnx::GraphProto *graph = node.hasAttribute(name) ? node.getGraph(name) : nullptr;
  if (!graph || node.hasFailed())
    return x;
  Tensor *input = node.getImporter().createTensor((name + " input").str());
  input->elementType = getElementTypeOrSelf(x);
  input->dims = Dims(node.getDims(x));
  input->value = x;
  FailureOr<SmallVector<Tensor *>> results = node.getImporter().importSubgraph(*graph, node.getScope(), input);
  if (failed(results)) {
    node.markFailed();
    return {};
  }
  Value result = results->size() == 1 ? node.getImporter().materialize(*results->front(), node.getLocation()) : Value();
  if (!result || result.getType() != x.getType()) {
    node.error() << "has a subgraph '" << name << "' that does not give one tensor like the one it takes";
    return {};
  }
  return result;
}

void importFlexAttention(NodeImporter &node) {
  if (!node.expectOperands(3, 3) || !expectElements(node, 0, ElementClass::Real))
    return;
  for (int64_t i = 0; i < 3; ++i)
    if (node.getRank(i) != 4) {
      node.error() << "expects operands of rank 4";
      return;
    }
  Type type = node.getElementType(0), wide = type.isF64() ? type : node.getBuilder().getF32Type();
  std::optional<int64_t> size = constantDim(node.getDims(0)[3]), heads = constantDim(node.getDims(0)[1]),
                         groups = constantDim(node.getDims(1)[1]);
  double scale = node.getReal("scale", 1 / std::sqrt(static_cast<double>(size.value_or(1))));
  if (!node.hasAttribute("score_mod") && !node.hasAttribute("prob_mod")) {
    node.setResult(0, node.create<AttentionOp>(node.getOperand(0), node.getOperand(1), node.getOperand(2), Value(),
                                               Value(), node.real(scale), node.real(0), IntegerAttr(), IntegerAttr(),
                                               node.integer(0), node.flag(false)));
    return;
  }
  if (!heads || !groups || *groups < 1 || *heads % *groups != 0) {
    node.error() << "expects known numbers of heads, those of keys a divisor of those of queries";
    return;
  }
  wide = node.getTypeAttribute("softmax_precision", wide);
  // Heads that share a key are a dimension of their own in products.
  Dims query(node.getDims(0)), value(node.getDims(2)), scores{query[0], query[1], query[2], node.getDims(1)[2]};
  auto group = [&](Value x, AffineExpr first, AffineExpr second) {
    if (node.hasFailed())
      return Value();
    Dims dims(node.getDims(x));
    return node.reshape(x, {dims[0], first, second, dims[2], dims[3]});
  };
  AffineExpr one = node.extent(1), keys = node.extent(*groups), shared = node.extent(*heads / *groups);
  Value root = node.createScalar(type, std::sqrt(scale));
  Value q = node.multiply(node.getOperand(0), root), k = node.multiply(node.getOperand(1), root);
  Value x = node.create<MatMulOp>(group(q, keys, shared), group(k, keys, one), false, /*transpose_rhs=*/true);
  x = modify(node, "score_mod", node.cast(node.hasFailed() ? Value() : node.reshape(x, scores), wide));
  x = modify(node, "prob_mod", node.create<SoftmaxOp>(x, ArrayRef<int64_t>{3}));
  Value y = node.create<MatMulOp>(group(x, keys, shared), group(node.cast(node.getOperand(2), wide), keys, one), false,
                                  false);
  if (!node.hasFailed())
    node.setResult(0, node.cast(node.reshape(y, {query[0], query[1], query[2], value[3]}), type));
}

} // namespace

void registerFlexAttention(OpRegistry &registry) {
  registry.add("ai.onnx.preview.FlexAttention", 1, importFlexAttention);
}

} // namespace dlc::onnx_import
