// SPDX-License-Identifier: Apache-2.0
#include "ir/DlcDialect.h"
#include "ir/LoopBuilder.h"
#include "ir/OpsControl.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "passes/Passes.h"
#include "passes/graph/EraseDeadOps.h"
#include "llvm/ADT/BitVector.h"

#define DEBUG_TYPE "dlc-prune-loops"

namespace dlc {
#define GEN_PASS_DEF_PRUNELOOPS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

/// Drops scan outputs without a reader from the loop and its body; returns whether there were any.
static bool dropUnreadResults(dlc::OutlinedLoopOp loop) {
  func::FuncOp body = loop.getBodyFunction();
  unsigned firstStacked = loop.getInitialValues().size();
  llvm::BitVector unread(body.getNumResults());
  for (auto [i, result] : llvm::enumerate(loop.getScanOutputs()))
    if (result.use_empty())
      unread.set(firstStacked + i);
  if (unread.none())
    return false;
  Operation *terminator = body.getBody().front().getTerminator();
  terminator->eraseOperands(unread);
  (void)body.eraseResults(unread);
  llvm::SmallVector<Type> types;
  llvm::SmallVector<Value> read;
  for (OpResult result : loop->getResults())
    if (!unread.test(result.getResultNumber())) {
      types.push_back(result.getType());
      read.push_back(result);
    }
  OpBuilder builder(loop);
  auto pruned = dlc::OutlinedLoopOp::create(builder, loop.getLoc(), types, loop->getOperands(), loop.getProperties(),
                                            llvm::to_vector(loop->getDiscardableAttrs()));
  for (auto [before, after] : llvm::zip(read, pruned.getOutputs()))
    before.replaceAllUsesWith(after);
  loop.erase();
  return true;
}

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

/// Users come before what they use: what a loop no longer gives may have been the only reader of what another one gives.
static void prune(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (isOpTriviallyDead(&op))
      op.erase();
    else if (auto loop = llvm::dyn_cast<dlc::LoopOp>(op))
      prune(*dropUnreadResults(loop).getBody());
  }
}

namespace {

class PruneLoops final : public dlc::impl::PruneLoopsBase<PruneLoops> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        prune(function.getBody().front());
    // What an outer loop no longer gives may have been the only reader of what an inner one gives.
    bool hasChanged = true;
    while (hasChanged) {
      hasChanged = false;
      llvm::SmallVector<dlc::OutlinedLoopOp> loops;
      for (auto function : getOperation().getOps<func::FuncOp>()) {
        dlc::eraseDeadOps(function);
        llvm::append_range(loops, function.getOps<dlc::OutlinedLoopOp>());
      }
      for (dlc::OutlinedLoopOp loop : loops)
        hasChanged |= dropUnreadResults(loop);
    }
    eraseUnusedBodies();
  }

  /// Erases bodies of erased loops.
  void eraseUnusedBodies() {
    SymbolTable symbols(getOperation());
    llvm::SmallPtrSet<Operation *, 16> used;
    llvm::SmallVector<func::FuncOp> pending;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isPrivate())
        pending.push_back(function);
    while (!pending.empty())
      pending.pop_back_val().walk([&](dlc::OutlinedLoopOp loop) {
        auto body = symbols.lookup<func::FuncOp>(loop.getBody());
        if (body && used.insert(body).second)
          pending.push_back(body);
      });
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>()))
      if (function.isPrivate() && !used.contains(function))
        function.erase();
  }
};

} // namespace
