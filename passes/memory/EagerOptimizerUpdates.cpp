// SPDX-License-Identifier: Apache-2.0
#include "ir/OpsConstant.h"
#include "ir/SharedMemory.h"
#include "ir/Variables.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-eager-optimizer-updates"

namespace dlc {
#define GEN_PASS_DEF_EAGEROPTIMIZERUPDATES
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class EagerOptimizerUpdates final : public dlc::impl::EagerOptimizerUpdatesBase<EagerOptimizerUpdates> {
  using EagerOptimizerUpdatesBase::EagerOptimizerUpdatesBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isDeclaration())
      return;
    collectUpdates(function);
    llvm::SmallVector<Operation *> order;
    for (Operation &op : function.getBody().front())
      if (updates.contains(&op))
        order.push_back(&op);
    llvm::DenseMap<Operation *, Operation *> ready, last;
    for (Operation *op : order)
      ready[op] = findReady(op, ready);
    // Who is only read by other updates runs with the first of them.
    llvm::DenseMap<Operation *, Operation *> targets;
    for (Operation *op : llvm::reverse(order))
      targets[op] = findTarget(op, ready.lookup(op), targets);
    // Updates that get ready at the same time follow one after another.
    llvm::DenseMap<Operation *, size_t> numbers;
    for (Operation *op : order)
      numbers.try_emplace(updates.lookup(op), numbers.size());
    llvm::stable_sort(
        order, [&](Operation *a, Operation *b) { return numbers[updates.lookup(a)] < numbers[updates.lookup(b)]; });
    for (Operation *op : order)
      if (Operation *target = targets.lookup(op)) {
        Operation *&before = last.try_emplace(target, target).first->second;
        op->moveAfter(before);
        before = op;
      }
  }

  static Operation *later(Operation *a, Operation *b) { return !a || (b && a->isBeforeInBlock(b)) ? b : a; }

  /// The last op that is not an update and that `op` waits for; null if it needs the function's arguments only.
  Operation *findReady(Operation *op, const llvm::DenseMap<Operation *, Operation *> &ready) const {
    Operation *after = nullptr;
    for (Value operand : op->getOperands())
      if (Operation *definition = operand.getDefiningOp())
        after = later(after, updates.contains(definition) ? ready.lookup(definition) : definition);
    return after;
  }

  /// The op after which `op` is to be moved; null to leave it.
  Operation *findTarget(Operation *op, Operation *ready,
                        const llvm::DenseMap<Operation *, Operation *> &targets) const {
    bool isNewValue = false;
    Operation *target = ready;
    for (Value result : op->getResults())
      for (BlockArgument argument : overwritten.lookup(result)) {
        isNewValue = true;
        // Readers of the old value go first, or the new one could not be computed in place.
        for (Operation *reader : dlc::getReaders(argument))
          if (!updates.contains(reader))
            target = later(target, reader);
      }
    Operation *first = isNewValue ? target : nullptr;
    for (Operation *user : op->getUsers())
      if (Operation *other = targets.lookup(user))
        first = !first || other->isBeforeInBlock(first) ? other : first;
    return first;
  }

  /// Finds the ops of each variable's update, and the argument whose memory each new value is to take.
  void collectUpdates(func::FuncOp function) {
    updates.clear();
    overwritten.clear();
    Block &block = function.getBody().front();
    Operation *end = block.getTerminator();
    dlc::VariableIndex variables(function);
    for (auto [number, value] : llvm::enumerate(end->getOperands()))
      if (BlockArgument argument = variables.getOldValue(dlc::getVariableOfResult(function, number)))
        overwritten[value].push_back(argument);
    for (Operation &op : llvm::reverse(block.without_terminator()))
      if (Operation *group = findGroup(op, function))
        updates[&op] = group;
  }

  /// The last op of the update that `op` is a part of: all its readers are. What several variables' updates read (a
  /// layer's gradient, the norm of all gradients) is not part of any. Null if there is none.
  Operation *findGroup(Operation &op, func::FuncOp function) const {
    Operation *group = nullptr;
    if (op.use_empty() || llvm::isa<dlc::ConstantOp>(op))
      return nullptr;
    for (OpOperand &use : op.getUses()) {
      if (llvm::isa<func::ReturnOp>(use.getOwner()) && dlc::getVariableOfResult(function, use.getOperandNumber()))
        continue;
      Operation *other = updates.lookup(use.getOwner());
      if (!other || (group && other != group))
        return nullptr;
      group = other;
    }
    return group ? group : &op;
  }

  llvm::DenseMap<Operation *, Operation *> updates; ///< ops of an update, and the last op of that
  llvm::DenseMap<Value, llvm::SmallVector<BlockArgument, 1>> overwritten;
};

} // namespace
