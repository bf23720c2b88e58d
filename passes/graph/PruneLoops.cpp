// SPDX-License-Identifier: Apache-2.0
#include "ir/DlcDialect.h"
#include "ir/IfBuilder.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsControl.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/Passes.h"
#include "llvm/ADT/BitVector.h"

#define DEBUG_TYPE "dlc-prune-loops"

namespace dlc {
#define GEN_PASS_DEF_PRUNELOOPS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

/// Drops scan outputs without a reader from the loop; returns the loop, or what replaces it.
static dlc::LoopOp dropUnreadResults(dlc::LoopOp loop) {
  llvm::BitVector unread(loop->getNumResults());
  for (OpResult result : loop.getScanOutputs())
    if (result.use_empty())
      unread.set(result.getResultNumber());
  if (unread.none())
    return loop;
  llvm::SmallVector<Value> read;
  for (OpResult result : loop->getResults())
    if (!unread.test(result.getResultNumber()))
      read.push_back(result);
  OpBuilder builder(loop);
  auto pruned =
      dlc::rebuildLoop(builder, loop, ValueRange(read).getTypes(), loop.getInitialValues(), loop.getScanInputs());
  pruned.getNext()->eraseOperands(unread);
  for (auto [before, after] : llvm::zip(read, pruned.getOutputs()))
    before.replaceAllUsesWith(after);
  loop.erase();
  return pruned;
}

/// Users come before what they use: what a loop no longer gives may have been the only reader of what another one
/// gives.
static void prune(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (isOpTriviallyDead(&op))
      op.erase();
    else if (auto loop = llvm::dyn_cast<dlc::LoopOp>(op))
      prune(*dropUnreadResults(loop).getBody());
    else if (auto branches = llvm::dyn_cast<dlc::IfOp>(op)) {
      IRRewriter rewriter(branches);
      for (Region &region : dlc::dropUnreadResults(rewriter, branches)->getRegions())
        prune(region.front());
    }
  }
}

namespace {

class PruneLoops final : public dlc::impl::PruneLoopsBase<PruneLoops> {
  void runOnOperation() override {
    if (!getOperation().isExternal())
      prune(getOperation().getBody().front());
  }
};

} // namespace
