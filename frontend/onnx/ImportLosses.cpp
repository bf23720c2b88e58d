// SPDX-License-Identifier: Apache-2.0
// Losses over classes.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsLogic.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// The loss of each sample and of all, from log-probabilities `[N, C, d...]` and the numbers of the right classes
/// `[N, d...]` (operand 1). The right class is chosen by a comparison with every class, so that the loss is elementwise
/// work beside a sum, and so is its gradient. A target that is not a class, or that is ignored, contributes nothing.
void importLoss(NodeImporter &node, Value logProbability) {
  std::string reduction = node.getString("reduction", "mean");
  if (reduction != "none" && reduction != "mean" && reduction != "sum") {
    node.error() << "unknown reduction '" << reduction << "', expected 'none', 'mean' or 'sum'";
    return;
  }
  ArrayRef<AffineExpr> dims = node.getDims(0), targetDims = node.getDims(1);
  if (node.hasFailed())
    return;
  if (dims.size() < 2 || targetDims.size() + 1 != dims.size()) {
    node.error() << "expects scores [N, C, d1, ...] and targets [N, d1, ...], got ranks " << dims.size() << " and "
                 << targetDims.size();
    return;
  }
  Type type = node.getElementType(0), i64 = node.getBuilder().getI64Type();
  Dims perClass(dims.begin(), dims.end()), classDims(dims.size() - 1, node.extent(1));
  perClass[1] = node.extent(1);
  classDims[0] = dims[1];
  Value target = node.reshape(node.cast(node.getOperand(1), i64), perClass);
  Value classes = node.reshape(node.create<IndexOp>(logProbability, node.integer(1)), classDims);
  Value isRight = node.create<EqualOp>(target, classes);
  bool ignores = node.hasAttribute("ignore_index");
  if (ignores) {
    Value ignored = node.createScalar(i64, static_cast<double>(node.getInteger("ignore_index", 0)));
    isRight = node.create<AndOp>(isRight, node.create<NotOp>(node.create<EqualOp>(target, ignored)));
  }
  Value zero = node.createScalar(type, 0), weight = node.createScalar(type, 1);
  bool isWeighted = node.hasOperand(2);
  if (isWeighted)
    weight = node.reshape(node.getOperand(2), classDims);
  auto sumOver = [&](Value value, ArrayRef<int64_t> axes) {
    return node.create<ReduceOp>(ReductionKind::Sum, value, axes, /*keep_dims=*/false);
  };
  Value loss = node.create<NegOp>(logProbability);
  if (isWeighted)
    loss = node.multiply(loss, weight);
  loss = sumOver(node.create<WhereOp>(isRight, loss, zero), {1});
  auto all = llvm::to_vector(llvm::seq<int64_t>(0, static_cast<int64_t>(targetDims.size())));
  if (reduction == "sum") {
    loss = sumOver(loss, all);
  } else if (reduction == "mean" && (isWeighted || ignores)) {
    Value total = sumOver(sumOver(node.create<WhereOp>(isRight, weight, zero), {1}), all);
    loss = node.divide(sumOver(loss, all), total);
  } else if (reduction == "mean") {
    loss = node.create<ReduceOp>(ReductionKind::Mean, loss, ArrayRef<int64_t>(all), /*keep_dims=*/false);
  }
  node.setResult(0, loss);
}

bool expectLossOperands(NodeImporter &node) {
  return node.expectOperands(2, 3) && expectElements(node, 0, ElementClass::Real) &&
         expectElements(node, 1, ElementClass::Integer);
}

void importNegativeLogLikelihoodLoss(NodeImporter &node) {
  if (expectLossOperands(node))
    importLoss(node, node.getOperand(0));
}

void importSoftmaxCrossEntropyLoss(NodeImporter &node) {
  if (!expectLossOperands(node))
    return;
  if (int64_t rank = node.getRank(0); rank < 2) {
    node.error() << "expects scores of rank 2 or more, got rank " << rank;
    return;
  }
  Value logProbability = node.create<LogSoftmaxOp>(node.getOperand(0), ArrayRef<int64_t>{1});
  importLoss(node, logProbability);
  node.setResult(1, logProbability);
}

} // namespace

void registerLosses(OpRegistry &registry) {
  registry.add("NegativeLogLikelihoodLoss", 12, importNegativeLogLikelihoodLoss);
  registry.add("SoftmaxCrossEntropyLoss", 12, importSoftmaxCrossEntropyLoss);
}

} // namespace dlc::onnx_import
