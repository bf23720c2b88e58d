// SPDX-License-Identifier: Apache-2.0
/// \file
/// Decision trees as ONNX's nodes describe them.
#ifndef DLC_FRONTEND_ONNX_FOREST_H
#define DLC_FRONTEND_ONNX_FOREST_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// The comparison of a feature with a node's number that leads to its first child, as `TreeEnsemble` numbers them.
enum class Branch { LessOrEqual, Less, GreaterOrEqual, Greater, Equal, NotEqual, Member };

struct TreeNode {
  Branch branch = Branch::LessOrEqual;
  int64_t feature = 0;
  double split = 0;
  bool isMissingTrue = false;
  bool isLeaf = false;
  int64_t onTrue = 0, onFalse = 0;                           ///< positions of nodes
  llvm::SmallVector<std::pair<int64_t, double>, 1> outcomes; ///< of a leaf: targets and what it gives them
};

struct Forest {
  std::vector<TreeNode> nodes;
  llvm::SmallVector<int64_t> roots;
  int64_t targets = 1;
  std::string aggregate = "SUM";
  llvm::SmallVector<double> base; ///< per target; empty: none

  /// The number of nodes on the longest way from a root to a leaf, less one; -1 if there is a cycle.
  int64_t getDepth() const;
};

/// The forest of TreeEnsembleClassifier and TreeEnsembleRegressor, whose leaves' attributes begin with `prefix`;
/// nothing after an error.
std::optional<Forest> readNumberedTrees(NodeImporter &node, llvm::StringRef prefix);

/// The forest of TreeEnsemble, whose leaves are a list of their own; nothing after an error.
std::optional<Forest> readTreeEnsemble(NodeImporter &node);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_FOREST_H
