// SPDX-License-Identifier: Apache-2.0
// Ensembles of decision trees. Nodes are tables; a loop moves all rows down all trees, a level per step, by gathers:
// code and compile time do not grow with the trees. A leaf is its own child.
#include "frontend/onnx/Forest.h"
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/IndexArithmetic.h"
#include "frontend/onnx/MachineLearning.h"
#include "frontend/onnx/OpRegistry.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsComparison.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLogic.h"
#include "ir/OpsReduction.h"
#include <cmath>

using namespace mlir;

namespace dlc::onnx_import {
namespace {

class ForestBuilder {
public:
  ForestBuilder(NodeImporter &node, const Forest &forest, Value x)
      : node(node), forest(forest), x(x), type(getElementTypeOrSelf(x)), i64(node.getBuilder().getI64Type()) {}

  /// [rows, targets], without transformation.
  Value build() {
    int64_t features = *constantDim(node.getDims(x)[1]), depth = forest.getDepth();
    bool fits = depth >= 0 && forest.targets >= 1;
    for (const TreeNode &each : forest.nodes) {
      fits &= each.isLeaf || (each.feature >= 0 && each.feature < features);
      for (auto [target, weight] : each.outcomes)
        fits &= target >= 0 && target < forest.targets;
    }
    if (!fits) {
      node.error() << "has a cycle, or a node or leaf whose feature or target does not exist";
      return {};
    }
    // The table of what each node gives each target.
    constexpr int64_t largestTable = int64_t(1) << 28;
    auto count = static_cast<int64_t>(forest.nodes.size());
    if (forest.targets > largestTable / std::max<int64_t>(count, 1)) {
      node.error() << "has " << count << " nodes and " << forest.targets << " targets, which is too much for one table";
      return {};
    }
    return aggregate(descend(depth, features));
  }

private:
  Value makeTable(llvm::function_ref<double(const TreeNode &, int64_t position)> get, Type elementType) {
    SmallVector<double> numbers;
    SmallVector<int64_t> integers;
    for (auto [position, each] : llvm::enumerate(forest.nodes)) {
      double number = get(each, static_cast<int64_t>(position));
      numbers.push_back(number);
      integers.push_back(llvm::isa<FloatType>(elementType) ? 0 : static_cast<int64_t>(number));
    }
    auto count = static_cast<int64_t>(numbers.size());
    return llvm::isa<FloatType>(elementType) ? node.createReals(elementType, {count}, numbers)
                                             : node.createIntegers(elementType, integers);
  }

  Value pick(Value table, Value indices) { return node.create<GatherOp>(table, indices, node.integer(0)); }

  /// Whether the way from each `state` leads to its first child.
  Value compare(Value feature, Value split, Value state) {
    Value result;
    for (int branch = 0; branch < static_cast<int>(Branch::Member); ++branch) {
      auto has = [&](const TreeNode &each) { return !each.isLeaf && each.branch == static_cast<Branch>(branch); };
      if (llvm::none_of(forest.nodes, has))
        continue;
      Value own;
      switch (static_cast<Branch>(branch)) {
      case Branch::LessOrEqual:
        own = node.create<LessOrEqualOp>(feature, split);
        break;
      case Branch::Less:
        own = node.create<LessOp>(feature, split);
        break;
      case Branch::GreaterOrEqual:
        own = node.create<GreaterOrEqualOp>(feature, split);
        break;
      case Branch::Greater:
        own = node.create<GreaterOp>(feature, split);
        break;
      case Branch::Equal:
        own = node.create<EqualOp>(feature, split);
        break;
      default:
        own = node.create<NotOp>(node.create<EqualOp>(feature, split));
      }
      if (!result) {
        result = own;
        continue;
      }
      Value which = pick(makeTable([&](const TreeNode &each, int64_t) { return double(has(each)); }, i64), state);
      Value isOwn = node.create<GreaterOp>(which, node.createScalar(i64, 0));
      result = node.create<OrOp>(node.create<AndOp>(isOwn, own), node.create<AndOp>(node.create<NotOp>(isOwn), result));
    }
    if (llvm::any_of(forest.nodes, [](const TreeNode &each) { return each.isMissingTrue; })) {
      Value missing =
          pick(makeTable([](const TreeNode &each, int64_t) { return double(each.isMissingTrue); }, i64), state);
      Value isTrue = node.create<GreaterOp>(missing, node.createScalar(i64, 0));
      result = node.create<OrOp>(result, node.create<AndOp>(isTrue, node.create<IsNanOp>(feature)));
    }
    return result;
  }

  /// The leaf of every row and tree: [rows, trees].
  Value descend(int64_t depth, int64_t features) {
    ImportState &importer = node.getImporter();
    AffineExpr rows = node.getDims(x)[0];
    Value row = numberAlong(node, x, 0, 2);
    Value starts = node.multiply(row, node.createScalar(i64, static_cast<double>(features)));
    Value state = node.expand(node.createIntegers(i64, forest.roots),
                              {rows, node.extent(static_cast<int64_t>(forest.roots.size()))});
    Value flat = node.reshape(x, {rows * features});
    if (depth == 0 || node.hasFailed())
      return state;
    Dims dims(node.getDims(state));
    LoopBuilder loop(node.getBuilder(), node.getLocation(), state, ValueRange(), /*isReverse=*/false, depth);
    Value current = loop.getLoopCarried(0);
    importer.setDims(current, dims);
    auto feature = [](const TreeNode &each, int64_t) { return double(each.isLeaf ? 0 : each.feature); };
    auto split = [](const TreeNode &each, int64_t) { return each.isLeaf ? 0 : each.split; };
    Value index = node.add(starts, pick(makeTable(feature, i64), current));
    Value goesOn = compare(pick(flat, index), pick(makeTable(split, type), current), current);
    Value onTrue =
        pick(makeTable([](const TreeNode &each, int64_t own) { return double(each.isLeaf ? own : each.onTrue); }, i64),
             current);
    Value onFalse =
        pick(makeTable([](const TreeNode &each, int64_t own) { return double(each.isLeaf ? own : each.onFalse); }, i64),
             current);
    Value next = node.create<WhereOp>(goesOn, onTrue, onFalse);
    if (node.hasFailed()) {
      loop.goOutside();
      return {};
    }
    Value result = loop.finish(next, {})[0];
    importer.setDims(result, dims);
    return result;
  }

  /// What leaves give, over the trees.
  Value aggregate(Value leaves) {
    bool isLeast = forest.aggregate == "MIN", isMost = forest.aggregate == "MAX";
    if (!isLeast && !isMost && forest.aggregate != "SUM" && forest.aggregate != "AVERAGE") {
      node.error() << "has the aggregate_function '" << forest.aggregate << "'; expected SUM, AVERAGE, MIN or MAX";
      return {};
    }
    auto trees = static_cast<int64_t>(forest.roots.size()), count = static_cast<int64_t>(forest.nodes.size());
    // A target that a leaf says nothing about does not count for the least and the most.
    double nothing = isLeast ? INFINITY : isMost ? -INFINITY : 0;
    std::vector<double> weights(count * forest.targets, nothing);
    for (auto [position, each] : llvm::enumerate(forest.nodes))
      for (auto [target, weight] : each.outcomes) {
        double &own = weights[position * forest.targets + target];
        own = isLeast ? std::min(own, weight) : isMost ? std::max(own, weight) : own + weight;
      }
    Value given = pick(node.createReals(type, {count, forest.targets}, weights), leaves);
    ReductionKind kind = isLeast ? ReductionKind::Min : isMost ? ReductionKind::Max : ReductionKind::Sum;
    Value result = node.create<ReduceOp>(kind, given, ArrayRef<int64_t>{1}, false);
    if (isLeast || isMost) {
      Value none = node.createScalar(type, nothing);
      result = node.create<WhereOp>(node.create<EqualOp>(result, none), node.createScalar(type, 0), result);
    }
    if (forest.aggregate == "AVERAGE")
      result = node.divide(result, node.createScalar(type, static_cast<double>(trees)));
    if (!forest.base.empty() && !node.hasFailed()) {
      auto size = static_cast<int64_t>(forest.base.size());
      if (size != 1 && size != forest.targets) {
        node.error() << "has " << size << " base values for " << forest.targets << " targets";
        return {};
      }
      result = node.add(result, node.createReals(type, {size}, forest.base));
    }
    return result;
  }

  NodeImporter &node;
  const Forest &forest;
  Value x;
  Type type, i64;
};

/// Features in the type in which they are compared with splits.
Value getComparedFeatures(NodeImporter &node) {
  if (!node.expectOperands(1, 1))
    return {};
  Type f32 = node.getBuilder().getF32Type();
  return getFeatures(node, node.getElementType(0).isF64() ? node.getElementType(0) : f32);
}

void importRegressor(NodeImporter &node) {
  Value x = getComparedFeatures(node);
  std::optional<Forest> forest = node.hasFailed() ? std::nullopt : readNumberedTrees(node, "target");
  if (!forest)
    return;
  forest->targets = node.getInteger("n_targets", 1);
  Value y = ForestBuilder(node, *forest, x).build();
  node.setResult(0, transformScores(node, node.cast(y, node.getBuilder().getF32Type())));
}

void importTreeEnsemble(NodeImporter &node) {
  Value x = getComparedFeatures(node);
  std::optional<Forest> forest = node.hasFailed() ? std::nullopt : readTreeEnsemble(node);
  if (!forest)
    return;
  Value y = ForestBuilder(node, *forest, x).build();
  int64_t transform = node.getInteger("post_transform", 0);
  if (transform != 0 && !node.hasFailed())
    node.error() << "with post_transform " << transform << " is not supported";
  if (!node.hasFailed())
    node.setResult(0, node.cast(y, node.getElementType(0)));
}

void importClassifier(NodeImporter &node) {
  Value x = getComparedFeatures(node);
  std::optional<SmallVector<int64_t>> labels = getClassLabels(node);
  std::optional<Forest> forest = node.hasFailed() ? std::nullopt : readNumberedTrees(node, "class");
  if (!forest || !labels)
    return;
  bool isPositive = true, hasOneClass = true;
  std::optional<int64_t> first;
  for (const TreeNode &each : forest->nodes)
    for (auto [target, weight] : each.outcomes) {
      isPositive &= weight >= 0;
      hasOneClass &= target == first.value_or(target);
      first = target;
    }
  forest->targets = static_cast<int64_t>(labels->size());
  Type f32 = node.getBuilder().getF32Type();
  if (labels->size() != 2 || !hasOneClass) {
    Value scores = node.cast(ForestBuilder(node, *forest, x).build(), f32);
    node.setResult(0, chooseLabels(node, scores, *labels));
    node.setResult(1, transformScores(node, scores));
    return;
  }
  // All leaves give one number, that of the second class.
  forest->targets = 1;
  for (TreeNode &each : forest->nodes)
    for (auto &[target, weight] : each.outcomes)
      target = 0;
  if (forest->base.size() > 1)
    forest->base.erase(forest->base.begin());
  Value score = node.cast(ForestBuilder(node, *forest, x).build(), f32);
  Value isSecond = node.create<GreaterOp>(score, node.createScalar(f32, isPositive ? 0.5 : 0));
  node.setResult(0, chooseLabel(node, dropColumn(node, isSecond), *labels));
  node.setResult(1, completeScores(node, score, /*isSigned=*/!isPositive));
}

} // namespace

void registerTrees(OpRegistry &registry) {
  registry.add("ai.onnx.ml.TreeEnsembleRegressor", 1, importRegressor);
  registry.add("ai.onnx.ml.TreeEnsembleClassifier", 1, importClassifier);
  registry.add("ai.onnx.ml.TreeEnsemble", 5, importTreeEnsemble);
}

} // namespace dlc::onnx_import
