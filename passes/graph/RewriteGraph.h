// SPDX-License-Identifier: Apache-2.0
/// \file
/// How patterns are applied to graphs.
#ifndef DLC_PASSES_GRAPH_REWRITEGRAPH_H
#define DLC_PASSES_GRAPH_REWRITEGRAPH_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace dlc {

/// For MLIR's greedy driver. Every region of a graph is one block, so that there is no control flow to simplify;
/// looking for some takes as long as applying the patterns.
mlir::GreedyRewriteConfig getGraphRewriteConfig();

/// Applies `patterns` to the ops that they are for, from the first to the last, and again where a rewrite has changed
/// what an op reads or who reads it. Ops of other kinds are left alone until then: they are folded, and erased if
/// nothing reads them.
mlir::LogicalResult rewriteGraph(mlir::func::FuncOp graph, mlir::RewritePatternSet &&patterns);

} // namespace dlc

#endif // DLC_PASSES_GRAPH_REWRITEGRAPH_H
