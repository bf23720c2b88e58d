// SPDX-License-Identifier: Apache-2.0
// Linear models and support vector machines of ai.onnx.ml: products with constant matrices.
#include "frontend/onnx/MachineLearning.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsActivation.h"
#include "ir/OpsComparison.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsLinear.h"
#include "ir/OpsLogic.h"
#include "ir/OpsReduction.h"
#include "ir/OpsTransposition.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

SmallVector<double> getRealsOrNone(NodeImporter &node, StringRef name) {
  return node.getReals(name).value_or(SmallVector<double>());
}

/// Operand 0 times the rows of coefficients, plus the intercepts: [rows, `count`].
Value createLinear(NodeImporter &node, int64_t count, ArrayRef<double> intercepts) {
  Type f32 = node.getBuilder().getF32Type();
  Value x = getFeatures(node, f32);
  SmallVector<double> coefficients = getRealsOrNone(node, "coefficients");
  if (node.hasFailed())
    return {};
  int64_t features = *constantDim(node.getDims(x)[1]);
  if (count < 1 || static_cast<int64_t>(coefficients.size()) != count * features) {
    node.error() << "has " << coefficients.size() << " coefficients, expected " << count << " rows of " << features;
    return {};
  }
  Value result = node.create<MatMulOp>(x, node.createReals(f32, {count, features}, coefficients), false, true);
  if (intercepts.empty())
    return result;
  if (intercepts.size() != 1 && static_cast<int64_t>(intercepts.size()) != count) {
    node.error() << "has " << intercepts.size() << " intercepts, expected " << count;
    return {};
  }
  return node.add(result, node.createReals(f32, {static_cast<int64_t>(intercepts.size())}, intercepts));
}

void importLinearRegressor(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  Value y = createLinear(node, node.getInteger("targets", 1), getRealsOrNone(node, "intercepts"));
  node.setResult(0, transformScores(node, y));
}

void importLinearClassifier(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  std::optional<SmallVector<int64_t>> labels = getClassLabels(node);
  SmallVector<double> intercepts = getRealsOrNone(node, "intercepts");
  if (!labels || labels->empty()) {
    if (!node.hasFailed())
      node.error() << "lacks labels of classes";
    return;
  }
  auto count = static_cast<int64_t>(intercepts.size());
  if (count != static_cast<int64_t>(labels->size()) && !(count == 1 && labels->size() == 2)) {
    node.error() << "has " << count << " intercepts for " << labels->size() << " classes";
    return;
  }
  Value scores = createLinear(node, count, intercepts);
  if (count == 1 && labels->size() == 2) {
    Value isSecond = node.create<GreaterOp>(scores, node.createScalar(node.getBuilder().getF32Type(), 0));
    node.setResult(0, chooseLabel(node, dropColumn(node, isSecond), *labels));
    node.setResult(1, completeScores(node, scores, /*isSigned=*/false));
    return;
  }
  node.setResult(0, chooseLabels(node, scores, *labels));
  node.setResult(1, transformScores(node, scores));
}

//===-- Support vectors ----------------------------------------------------===//

/// The kernel function of each row of operand 0 and each of `count` support vectors: [rows, count].
Value createKernelFunction(NodeImporter &node, int64_t count) {
  Type f32 = node.getBuilder().getF32Type();
  Value x = getFeatures(node, f32);
  SmallVector<double> vectors = getRealsOrNone(node, "support_vectors"),
                      parameters = node.getReals("kernel_params").value_or(SmallVector<double>{0, 0, 0});
  std::string kind = node.getString("kernel_type", "LINEAR");
  if (node.hasFailed())
    return {};
  int64_t features = *constantDim(node.getDims(x)[1]);
  if (count < 1 || static_cast<int64_t>(vectors.size()) != count * features || parameters.size() < 3) {
    node.error() << "expects " << count << " support vectors of " << features << " numbers, and three kernel_params";
    return {};
  }
  auto number = [&](size_t i) { return node.createScalar(f32, parameters[i]); };
  if (kind == "RBF") {
    Value rows = node.reshape(x, {node.getDims(x)[0], node.extent(1), node.extent(features)});
    Value apart = node.subtract(rows, node.createReals(f32, {count, features}, vectors));
    Value distance = node.create<ReduceOp>(ReductionKind::SumSquare, apart, ArrayRef<int64_t>{2}, false);
    return node.create<ExpOp>(node.multiply(distance, node.createScalar(f32, -parameters[0])));
  }
  Value products = node.create<MatMulOp>(x, node.createReals(f32, {count, features}, vectors), false, true);
  if (kind == "LINEAR")
    return products;
  Value affine = node.add(node.multiply(products, number(0)), number(1));
  if (kind == "POLY")
    return node.create<PowOp>(affine, number(2));
  if (kind == "SIGMOID")
    return node.create<TanhOp>(affine);
  node.error() << "has the kernel_type '" << kind << "'; expected LINEAR, POLY, RBF or SIGMOID";
  return {};
}

void importSvmRegressor(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  Type f32 = node.getBuilder().getF32Type();
  int64_t count = node.getInteger("n_supports", 0);
  SmallVector<double> rho = node.getReals("rho").value_or(SmallVector<double>{0}),
                      coefficients = getRealsOrNone(node, "coefficients");
  if (rho.empty())
    rho.push_back(0);
  Value y;
  if (count > 0) {
    if (static_cast<int64_t>(coefficients.size()) != count && !node.hasFailed())
      node.error() << "has " << coefficients.size() << " coefficients, expected " << count;
    Value values = createKernelFunction(node, count);
    if (node.hasFailed())
      return;
    Value sum = node.create<MatMulOp>(values, node.createReals(f32, {count, 1}, coefficients), false, false);
    y = node.add(sum, node.createScalar(f32, rho.front()));
  } else {
    y = createLinear(node, 1, ArrayRef(rho).take_front(1));
  }
  if (node.getFlag("one_class")) {
    Value isInside = node.create<GreaterOp>(y, node.createScalar(f32, 0));
    y = node.create<WhereOp>(isInside, node.createScalar(f32, 1), node.createScalar(f32, -1));
  }
  node.setResult(0, transformScores(node, y));
}

/// Probabilities of classes, [rows, `classes`], of those of every pair, [rows, pairs], by the second method of Wu, Lin
/// and Weng (2004), as libsvm computes it: at most 100 passes over the classes, until a row's p is a solution.
Value couple(NodeImporter &node, Value pairwise, int64_t classes) {
  Type f32 = node.getBuilder().getF32Type();
  int64_t pairs = *constantDim(node.getDims(pairwise)[1]), pair = 0;
  // r[i][j], the probability of i where it is i or j; the rest is that of j.
  std::vector<double> signs(pairs * classes * classes, 0), ones(classes * classes, 0), identity(ones);
  for (int64_t i = 0; i < classes; ++i) {
    identity[i * classes + i] = 1;
    for (int64_t j = i + 1; j < classes; ++j, ++pair) {
      signs[(pair * classes + i) * classes + j] = 1;
      signs[(pair * classes + j) * classes + i] = -1;
      ones[j * classes + i] = 1;
    }
  }
  auto number = [&](double value) { return node.createScalar(f32, value); };
  pairwise = node.create<MinOp>(node.create<MaxOp>(pairwise, number(1e-7)), number(1 - 1e-7));
  Value flat =
      node.add(node.create<MatMulOp>(pairwise, node.createReals(f32, {pairs, classes * classes}, signs), false, false),
               node.createReals(f32, {classes * classes}, ones));
  if (node.hasFailed())
    return {};
  AffineExpr rows = node.getDims(flat)[0], count = node.extent(classes);
  Value r = node.reshape(flat, {rows, count, count}), eye = node.createReals(f32, {classes, classes}, identity);
  Value squares = node.create<ReduceOp>(ReductionKind::SumSquare, r, ArrayRef<int64_t>{1}, true);
  Value q = node.subtract(node.multiply(squares, eye),
                          node.multiply(r, node.create<TransposeOp>(r, ArrayRef<int64_t>{0, 2, 1})));
  Value byClass = node.create<TransposeOp>(q, ArrayRef<int64_t>{1, 0, 2});
  Value start = node.expand(number(1.0 / static_cast<double>(classes)), {rows, count});
  if (node.hasFailed())
    return {};
  auto sum = [&](Value value) { return node.create<ReduceOp>(ReductionKind::Sum, value, ArrayRef<int64_t>{1}, true); };
  auto note = [&](Value value, ArrayRef<AffineExpr> dims) {
    node.getImporter().setDims(value, Dims(dims));
    return value;
  };
  LoopBuilder passes(node.getBuilder(), node.getLocation(), start, ValueRange(), /*isReverse=*/false, 100);
  note(passes.getStep(), {});
  Value p = note(passes.getLoopCarried(0), {rows, count});
  Value qp = node.create<ReduceOp>(ReductionKind::Sum, node.multiply(q, node.reshape(p, {rows, node.extent(1), count})),
                                   ArrayRef<int64_t>{2}, false);
  Value pqp = sum(node.multiply(p, qp));
  Value error =
      node.create<ReduceOp>(ReductionKind::Max, node.create<AbsOp>(node.subtract(qp, pqp)), ArrayRef<int64_t>{1}, true);
  Value isSolved = node.create<LessOp>(error, number(0.005 / static_cast<double>(classes)));
  if (node.hasFailed())
    return {};
  Value next;
  {
    LoopBuilder each(node.getBuilder(), node.getLocation(), {p, qp, pqp}, {eye, byClass});
    note(each.getStep(), {});
    Value before = note(each.getLoopCarried(0), {rows, count}), products = note(each.getLoopCarried(1), {rows, count}),
          all = note(each.getLoopCarried(2), {rows, node.extent(1)});
    Value unit = note(each.getScanSlice(0), {count}), row = note(each.getScanSlice(1), {rows, count});
    Value own = sum(node.multiply(products, unit)), diagonal = sum(node.multiply(row, unit));
    Value change = node.divide(node.subtract(all, own), diagonal);
    Value scale = node.add(change, number(1));
    Value after = node.divide(node.add(before, node.multiply(unit, change)), scale);
    Value grown = node.multiply(change, node.add(node.multiply(change, diagonal), node.multiply(own, number(2))));
    Value total = node.divide(node.divide(node.add(all, grown), scale), scale);
    Value moved = node.divide(node.add(products, node.multiply(change, row)), scale);
    if (node.hasFailed())
      return {};
    next = note(each.finish({after, moved, total}, {})[0], {rows, count});
  }
  next = node.create<WhereOp>(isSolved, p, next);
  Value areSolved = node.create<ReduceOp>(ReductionKind::Min, node.cast(isSolved, node.getBuilder().getI64Type()),
                                          ArrayRef<int64_t>{0, 1}, false);
  Value stop = node.cast(areSolved, node.getBuilder().getI1Type());
  if (node.hasFailed())
    return {};
  return note(passes.finish(next, {}, stop)[0], {rows, count});
}

/// One against one: a decision for every pair of classes, each of which gives a vote.
void importPairwiseClassifier(NodeImporter &node, ArrayRef<int64_t> labels, ArrayRef<int64_t> vectorsPerClass) {
  Type f32 = node.getBuilder().getF32Type();
  SmallVector<double> coefficients = getRealsOrNone(node, "coefficients"), rho = getRealsOrNone(node, "rho"),
                      slopes = getRealsOrNone(node, "prob_a"), shifts = getRealsOrNone(node, "prob_b");
  auto classes = static_cast<int64_t>(vectorsPerClass.size());
  int64_t pairs = classes * (classes - 1) / 2, count = 0;
  SmallVector<int64_t> starts;
  for (int64_t size : vectorsPerClass) {
    starts.push_back(count);
    count += std::max<int64_t>(size, 0);
  }
  if (classes < 2 || static_cast<int64_t>(labels.size()) != classes ||
      static_cast<int64_t>(coefficients.size()) != count * (classes - 1) || static_cast<int64_t>(rho.size()) != pairs) {
    if (!node.hasFailed())
      node.error() << "expects " << count << " coefficients for each class but one, and a rho for each pair of classes";
    return;
  }
  if (!slopes.empty() &&
      (static_cast<int64_t>(slopes.size()) != pairs || static_cast<int64_t>(shifts.size()) != pairs)) {
    node.error() << "expects a prob_a and a prob_b for each of " << pairs << " pairs of classes";
    return;
  }
  // Column e: what each support vector contributes to pair e. Votes of a pair that is positive, and that is not.
  std::vector<double> weights(count * pairs, 0), votes(pairs * classes, 0), otherVotes(classes, 0);
  int64_t pair = 0;
  for (int64_t i = 0; i < classes; ++i)
    for (int64_t j = i + 1; j < classes; ++j, ++pair) {
      for (int64_t v = starts[i]; v < starts[i] + vectorsPerClass[i]; ++v)
        weights[v * pairs + pair] = coefficients[(j - 1) * count + v];
      for (int64_t v = starts[j]; v < starts[j] + vectorsPerClass[j]; ++v)
        weights[v * pairs + pair] = coefficients[i * count + v];
      votes[pair * classes + i] = 1;
      votes[pair * classes + j] = -1;
      otherVotes[j] += 1;
    }
  Value values = createKernelFunction(node, count);
  if (node.hasFailed())
    return;
  Value decisions = node.create<MatMulOp>(values, node.createReals(f32, {count, pairs}, weights), false, false);
  decisions = node.add(decisions, node.createReals(f32, {pairs}, rho));
  Value isPositive = node.cast(node.create<GreaterOp>(decisions, node.createScalar(f32, 0)), f32);
  Value sums = node.add(node.create<MatMulOp>(isPositive, node.createReals(f32, {pairs, classes}, votes), false, false),
                        node.createReals(f32, {classes}, otherVotes));
  node.setResult(0, chooseLabels(node, sums, labels));
  if (!slopes.empty()) {
    Value logit = node.add(node.multiply(decisions, node.createReals(f32, {pairs}, slopes)),
                           node.createReals(f32, {pairs}, shifts));
    Value first = node.create<SigmoidOp>(node.create<NegOp>(logit));
    Value all = classes > 2 ? couple(node, first, classes)
                            : joinColumns(node, first, node.subtract(node.createScalar(f32, 1), first));
    node.setResult(1, transformScores(node, all));
  } else {
    node.setResult(1, classes == 2 ? completeScores(node, decisions, /*isSigned=*/true)
                                   : transformScores(node, decisions));
  }
}

void importSvmClassifier(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return;
  std::optional<SmallVector<int64_t>> labels = getClassLabels(node);
  SmallVector<int64_t> vectorsPerClass = node.getIntegers("vectors_per_class").value_or(SmallVector<int64_t>());
  SmallVector<double> rho = getRealsOrNone(node, "rho");
  if (!labels || node.hasFailed())
    return;
  if (!vectorsPerClass.empty()) {
    importPairwiseClassifier(node, *labels, vectorsPerClass);
    return;
  }
  if (node.getString("kernel_type", "LINEAR") != "LINEAR" || labels->size() < 2) {
    node.error() << "without support vectors expects a linear kernel and at least two classes";
    return;
  }
  // One rho for all.
  Value scores = createLinear(node, static_cast<int64_t>(labels->size()), ArrayRef(rho).take_front(1));
  node.setResult(0, chooseLabels(node, scores, *labels));
  node.setResult(1, transformScores(node, scores));
}

} // namespace

void registerLinearModels(OpRegistry &registry) {
  registry.add("ai.onnx.ml.LinearRegressor", 1, importLinearRegressor);
  registry.add("ai.onnx.ml.LinearClassifier", 1, importLinearClassifier);
  registry.add("ai.onnx.ml.SVMRegressor", 1, importSvmRegressor);
  registry.add("ai.onnx.ml.SVMClassifier", 1, importSvmClassifier);
}

} // namespace dlc::onnx_import
