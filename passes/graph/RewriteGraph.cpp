// SPDX-License-Identifier: Apache-2.0
#include "passes/graph/RewriteGraph.h"

using namespace mlir;

GreedyRewriteConfig dlc::getGraphRewriteConfig() {
  return GreedyRewriteConfig().setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
}

LogicalResult dlc::rewriteGraph(func::FuncOp graph, RewritePatternSet &&patterns) {
  FrozenRewritePatternSet frozen(std::move(patterns));
  const FrozenRewritePatternSet::OpSpecificNativePatternListT &patternsByOp = frozen.getOpSpecificNativePatterns();
  bool isForAll = !frozen.getMatchAnyOpNativePatterns().empty();
  llvm::SmallVector<Operation *> ops;
  graph.walk([&](Operation *op) {
    if (op != graph && (isForAll || patternsByOp.contains(op->getName())))
      ops.push_back(op);
  });
  // The driver begins with the last of its list.
  std::reverse(ops.begin(), ops.end());
  return applyOpPatternsGreedily(ops, frozen, getGraphRewriteConfig().setScope(&graph.getBody()));
}
