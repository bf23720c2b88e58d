// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/MachineLearning.h"
#include "frontend/onnx/ImportOperands.h"
#include "ir/OpsActivation.h"
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLogic.h"
#include "ir/OpsMovement.h"
#include "ir/OpsNormalization.h"
#include "ir/OpsReduction.h"

using namespace mlir;

namespace dlc::onnx_import {

Value getFeatures(NodeImporter &node, Type elementType) {
  if (!expectElements(node, 0, ElementClass::Number))
    return {};
  Dims dims(node.getDims(0));
  if (dims.empty() || dims.size() > 2 || !constantDim(dims.back())) {
    node.error() << "expects rows of a known number of features";
    return {};
  }
  if (dims.size() == 1)
    dims.insert(dims.begin(), node.extent(1));
  return node.cast(node.reshape(node.getOperand(0), dims), elementType);
}

/// ONNX Runtime's approximation of the quantile function of the normal distribution.
static Value createProbit(NodeImporter &node, Value x) {
  auto number = [&](double value) { return node.createScalar(getElementTypeOrSelf(x), value); };
  Value y = node.subtract(node.multiply(x, number(2)), number(1));
  Value log = node.create<LogOp>(node.multiply(node.subtract(number(1), y), node.add(number(1), y)));
  Value v = node.add(number(2 / (3.14159 * 0.147)), node.multiply(log, number(0.5)));
  Value root = node.create<SqrtOp>(node.subtract(node.multiply(v, v), node.multiply(log, number(1 / 0.147))));
  Value size = node.create<SqrtOp>(node.subtract(root, v));
  Value isNegative = node.create<LessOp>(y, number(0));
  return node.multiply(node.create<WhereOp>(isNegative, node.create<NegOp>(size), size), number(1.41421356));
}

/// Softmax in which scores that are zero count for nothing and stay zero.
static Value createSoftmaxZero(NodeImporter &node, Value scores) {
  auto number = [&](double value) { return node.createScalar(getElementTypeOrSelf(scores), value); };
  Value counts = node.create<GreaterOp>(node.create<AbsOp>(scores), number(1e-7));
  Value largest = node.create<ReduceOp>(ReductionKind::Max, scores, ArrayRef<int64_t>{1}, true);
  Value powers = node.create<ExpOp>(node.subtract(scores, largest));
  Value sum = node.create<ReduceOp>(ReductionKind::Sum, node.create<WhereOp>(counts, powers, number(0)),
                                    ArrayRef<int64_t>{1}, true);
  Value rest = node.multiply(scores, node.create<ExpOp>(node.create<NegOp>(largest)));
  return node.divide(node.create<WhereOp>(counts, powers, rest), sum);
}

Value transformScores(NodeImporter &node, Value scores) {
  std::string transform = node.getString("post_transform", "NONE");
  if (transform == "NONE" || node.hasFailed())
    return scores;
  if (transform == "LOGISTIC")
    return node.create<SigmoidOp>(scores);
  if (transform == "SOFTMAX")
    return node.create<SoftmaxOp>(scores, ArrayRef<int64_t>{1});
  if (transform == "SOFTMAX_ZERO")
    return createSoftmaxZero(node, scores);
  if (transform == "PROBIT")
    return createProbit(node, scores);
  node.error() << "has the post_transform '" << transform
               << "'; expected NONE, LOGISTIC, SOFTMAX, SOFTMAX_ZERO or PROBIT";
  return {};
}

std::optional<SmallVector<int64_t>> getClassLabels(NodeImporter &node) {
  for (StringRef name : {"classlabels_strings", "classlabels_string"})
    if (node.hasAttribute(name) && !node.getStrings(name).value_or(SmallVector<std::string>()).empty()) {
      if (!node.hasFailed())
        node.error() << "has strings as labels of classes, which dlc does not compute; give them numbers";
      return std::nullopt;
    }
  for (StringRef name : {"classlabels_ints", "classlabels_int64s"})
    if (node.hasAttribute(name))
      return node.getIntegers(name);
  if (!node.hasFailed())
    node.error() << "lacks labels of classes";
  return std::nullopt;
}

Value chooseLabels(NodeImporter &node, Value scores, ArrayRef<int64_t> labels) {
  Value which =
      node.create<ArgExtremeOp>(scores, node.integer(1), node.flag(false), node.flag(false), node.flag(false));
  return node.create<GatherOp>(node.createIntegers(node.getBuilder().getI64Type(), labels), which, node.integer(0));
}

Value chooseLabel(NodeImporter &node, Value isSecond, ArrayRef<int64_t> labels) {
  Type i64 = node.getBuilder().getI64Type();
  Value table = node.createIntegers(i64, labels.take_front(2));
  return node.create<GatherOp>(table, node.cast(isSecond, i64), node.integer(0));
}

Value joinColumns(NodeImporter &node, Value first, Value second) {
  return node.create<ConcatOp>(ValueRange{first, second}, node.integer(1));
}

Value dropColumn(NodeImporter &node, Value x) {
  return node.hasFailed() ? Value() : node.reshape(x, {node.getDims(x)[0]});
}

Value completeScores(NodeImporter &node, Value score, bool isSigned) {
  std::string transform = node.getString("post_transform", "NONE");
  if (transform == "LOGISTIC")
    return joinColumns(node, node.create<SigmoidOp>(node.create<NegOp>(score)), node.create<SigmoidOp>(score));
  if (isSigned && transform == "NONE")
    return joinColumns(node, node.create<NegOp>(score), score);
  if (transform == "PROBIT" || isSigned) {
    if (!node.hasFailed())
      node.error() << "with one score for two classes and post_transform '" << transform << "' is not supported";
    return {};
  }
  return joinColumns(node, node.subtract(node.createScalar(getElementTypeOrSelf(score), 1), score), score);
}

} // namespace dlc::onnx_import
