// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/Forest.h"
#include "llvm/ADT/StringSwitch.h"
#include <cmath>
#include <map>

using namespace mlir;
using namespace dlc;
using namespace dlc::onnx_import;

int64_t Forest::getDepth() const {
  // Level by level, each node once per tree at most: a longer way than there are nodes is a cycle.
  int64_t depth = 0;
  for (int64_t root : roots) {
    SmallVector<std::pair<int64_t, int64_t>> pending{{root, 0}};
    size_t visited = 0;
    while (!pending.empty()) {
      auto [position, level] = pending.pop_back_val();
      if (++visited > 2 * nodes.size() + 1)
        return -1;
      depth = std::max(depth, level);
      const TreeNode &node = nodes[position];
      if (!node.isLeaf) {
        pending.push_back({node.onTrue, level + 1});
        pending.push_back({node.onFalse, level + 1});
      }
    }
  }
  return depth;
}

/// Numbers of an attribute of floats, or of its tensor.
static SmallVector<double> getNumbers(NodeImporter &node, StringRef name) {
  std::string tensorName = (name + "_as_tensor").str();
  StringRef given = node.hasAttribute(tensorName) ? StringRef(tensorName) : name;
  if (node.hasAttribute(given) && (given == StringRef(tensorName) || name.starts_with("leaf_") ||
                                   llvm::is_contained({"nodes_splits", "nodes_modes", "membership_values"}, name))) {
    ConstantTensor tensor = node.getTensorAttribute(given);
    SmallVector<double> values;
    if (!tensor)
      return values;
    Type type = tensor.type.getElementType();
    for (int64_t i = 0; i < tensor.type.getNumElements(); ++i)
      values.push_back(readReal(type, tensor.bytes.data() + i * getElementSize(type)));
    return values;
  }
  return node.getReals(name).value_or(SmallVector<double>());
}

static SmallVector<int64_t> getIntegersOrNone(NodeImporter &node, StringRef name) {
  return node.getIntegers(name).value_or(SmallVector<int64_t>());
}

static std::optional<Branch> parseBranch(StringRef mode) {
  return llvm::StringSwitch<std::optional<Branch>>(mode)
      .Case("BRANCH_LEQ", Branch::LessOrEqual)
      .Case("BRANCH_LT", Branch::Less)
      .Case("BRANCH_GTE", Branch::GreaterOrEqual)
      .Case("BRANCH_GT", Branch::Greater)
      .Case("BRANCH_EQ", Branch::Equal)
      .Case("BRANCH_NEQ", Branch::NotEqual)
      .Default(std::nullopt);
}

std::optional<Forest> dlc::onnx_import::readNumberedTrees(NodeImporter &node, StringRef prefix) {
  SmallVector<int64_t> trees = getIntegersOrNone(node, "nodes_treeids"), ids = getIntegersOrNone(node, "nodes_nodeids"),
                       features = getIntegersOrNone(node, "nodes_featureids"),
                       onTrue = getIntegersOrNone(node, "nodes_truenodeids"),
                       onFalse = getIntegersOrNone(node, "nodes_falsenodeids"),
                       missing = getIntegersOrNone(node, "nodes_missing_value_tracks_true");
  SmallVector<double> splits = getNumbers(node, "nodes_values");
  SmallVector<std::string> modes = node.getStrings("nodes_modes").value_or(SmallVector<std::string>());
  size_t count = trees.size();
  if (ids.size() != count || features.size() != count || onTrue.size() != count || onFalse.size() != count ||
      splits.size() != count || modes.size() != count || (!missing.empty() && missing.size() != count) || count == 0) {
    if (!node.hasFailed())
      node.error() << "has no nodes, or attributes 'nodes_...' of different lengths";
    return std::nullopt;
  }
  Forest forest;
  forest.nodes.resize(count);
  std::map<std::pair<int64_t, int64_t>, int64_t> positions;
  for (size_t i = 0; i < count; ++i)
    positions.try_emplace({trees[i], ids[i]}, static_cast<int64_t>(i));
  auto find = [&](int64_t tree, int64_t id) {
    auto found = positions.find({tree, id});
    if (found == positions.end() && !node.hasFailed())
      node.error() << "refers to node " << id << " of tree " << tree << ", which it does not have";
    return found == positions.end() ? int64_t{0} : found->second;
  };
  SmallVector<bool> isChild(count, false);
  for (size_t i = 0; i < count; ++i) {
    TreeNode &each = forest.nodes[i];
    each.isLeaf = modes[i] == "LEAF";
    if (each.isLeaf)
      continue;
    std::optional<Branch> branch = parseBranch(modes[i]);
    if (!branch) {
      node.error() << "has the mode '" << modes[i] << "', which ONNX does not define";
      return std::nullopt;
    }
    each.branch = *branch;
    each.feature = features[i];
    each.split = splits[i];
    each.isMissingTrue = !missing.empty() && missing[i] != 0;
    each.onTrue = find(trees[i], onTrue[i]);
    each.onFalse = find(trees[i], onFalse[i]);
    isChild[each.onTrue] = isChild[each.onFalse] = true;
  }
  for (size_t i = 0; i < count; ++i)
    if (!isChild[i])
      forest.roots.push_back(static_cast<int64_t>(i));
  auto name = [&](StringRef what) { return (prefix + "_" + what).str(); };
  SmallVector<int64_t> leafTrees = getIntegersOrNone(node, name("treeids")),
                       leafIds = getIntegersOrNone(node, name("nodeids")),
                       targets = getIntegersOrNone(node, name("ids"));
  SmallVector<double> weights = getNumbers(node, name("weights"));
  if (leafIds.size() != leafTrees.size() || targets.size() != leafTrees.size() || weights.size() != leafTrees.size()) {
    if (!node.hasFailed())
      node.error() << "has attributes '" << prefix << "_...' of different lengths";
    return std::nullopt;
  }
  for (size_t i = 0; i < leafTrees.size() && !node.hasFailed(); ++i)
    forest.nodes[find(leafTrees[i], leafIds[i])].outcomes.push_back({targets[i], weights[i]});
  forest.base = getNumbers(node, "base_values");
  forest.aggregate = node.getString("aggregate_function", "SUM");
  return node.hasFailed() ? std::nullopt : std::optional(std::move(forest));
}

std::optional<Forest> dlc::onnx_import::readTreeEnsemble(NodeImporter &node) {
  SmallVector<int64_t> features = getIntegersOrNone(node, "nodes_featureids"),
                       onTrue = getIntegersOrNone(node, "nodes_truenodeids"),
                       onFalse = getIntegersOrNone(node, "nodes_falsenodeids"),
                       isTrueLeaf = getIntegersOrNone(node, "nodes_trueleafs"),
                       isFalseLeaf = getIntegersOrNone(node, "nodes_falseleafs"),
                       missing = getIntegersOrNone(node, "nodes_missing_value_tracks_true"),
                       leafTargets = getIntegersOrNone(node, "leaf_targetids");
  SmallVector<double> splits = getNumbers(node, "nodes_splits"), modes = getNumbers(node, "nodes_modes"),
                      weights = getNumbers(node, "leaf_weights"), members = getNumbers(node, "membership_values");
  size_t count = features.size();
  if (onTrue.size() != count || onFalse.size() != count || isTrueLeaf.size() != count || isFalseLeaf.size() != count ||
      splits.size() != count || modes.size() != count || (!missing.empty() && missing.size() != count) ||
      weights.size() != leafTargets.size() || count == 0) {
    if (!node.hasFailed())
      node.error() << "has no nodes, or attributes of different lengths";
    return std::nullopt;
  }
  Forest forest;
  forest.nodes.resize(count + weights.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    forest.nodes[count + i].isLeaf = true;
    forest.nodes[count + i].outcomes.push_back({leafTargets[i], weights[i]});
  }
  auto child = [&](int64_t position, bool isLeaf) {
    int64_t size = isLeaf ? static_cast<int64_t>(weights.size()) : static_cast<int64_t>(count);
    if ((position < 0 || position >= size) && !node.hasFailed())
      node.error() << "refers to " << (isLeaf ? "leaf " : "node ") << position << " of " << size;
    return node.hasFailed() ? 0 : position + (isLeaf ? static_cast<int64_t>(count) : 0);
  };
  ArrayRef<double> rest = members;
  for (size_t i = 0; i < count; ++i) {
    if (modes[i] < 0 || modes[i] > 6) {
      node.error() << "has the mode " << modes[i] << ", which ONNX does not define";
      return std::nullopt;
    }
    TreeNode each;
    each.branch = static_cast<Branch>(modes[i]);
    each.feature = features[i];
    each.split = splits[i];
    each.isMissingTrue = !missing.empty() && missing[i] != 0;
    each.onTrue = child(onTrue[i], isTrueLeaf[i] != 0);
    each.onFalse = child(onFalse[i], isFalseLeaf[i] != 0);
    if (each.branch == Branch::Member) {
      // A comparison for each member, the next one where this one fails.
      SmallVector<double> own;
      while (!rest.empty() && !std::isnan(rest.front())) {
        own.push_back(rest.front());
        rest = rest.drop_front();
      }
      rest = rest.drop_front(rest.empty() ? 0 : 1);
      each.branch = Branch::Equal;
      each.split = own.empty() ? NAN : own.front();
      int64_t otherwise = each.onFalse;
      for (double member : ArrayRef(own).drop_front(own.empty() ? 0 : 1)) {
        TreeNode next = each;
        next.split = member;
        next.onFalse = otherwise;
        otherwise = static_cast<int64_t>(forest.nodes.size());
        forest.nodes.push_back(next);
      }
      each.onFalse = otherwise;
    }
    forest.nodes[i] = each;
  }
  forest.roots = getIntegersOrNone(node, "tree_roots");
  for (int64_t root : forest.roots)
    child(root, false);
  forest.targets = node.getInteger("n_targets", 1);
  static constexpr StringRef aggregates[] = {"AVERAGE", "SUM", "MIN", "MAX"};
  int64_t aggregate = node.getInteger("aggregate_function", 1);
  if ((aggregate < 0 || aggregate > 3 || forest.roots.empty()) && !node.hasFailed())
    node.error() << "has no roots, or an aggregate_function that ONNX does not define";
  if (node.hasFailed())
    return std::nullopt;
  forest.aggregate = aggregates[aggregate].str();
  return forest;
}
