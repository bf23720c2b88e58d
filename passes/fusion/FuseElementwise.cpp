// SPDX-License-Identifier: Apache-2.0
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsReduction.h"
#include "ir/OpsSize.h"
#include "ir/OpsSlicing.h"
#include "passes/Passes.h"
#include "passes/fusion/WrapInKernel.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "dlc-fuse-elementwise"

namespace dlc {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Ops whose kernels compute an elementwise epilogue on the way out.
bool takesEpilogue(Operation *op) {
  switch (dlc::getKernelKind(op)) {
  case dlc::KernelKind::Window:
  case dlc::KernelKind::Reduction:
  case dlc::KernelKind::Normalization:
    return true;
  default:
    return false;
  }
}

/// Elementwise ops of a few instructions; repeating one costs less than memory traffic.
bool isCheap(Operation *op) { return op->hasTrait<dlc::FewInstructions>(); }

/// Whether `op` picks elements one by one, by indices of the shape of its result.
bool isElementGather(Operation *op) {
  auto gather = llvm::dyn_cast<dlc::GatherOp>(op);
  return gather && llvm::cast<RankedTensorType>(gather.getX().getType()).getRank() == 1;
}

/// Whether `op` mirrors a dimension, or takes a part whose rows fill vectors.
bool isRowSlice(Operation *op) {
  constexpr int64_t vector = 16;
  auto slice = llvm::dyn_cast<dlc::SliceOp>(op);
  if (!slice)
    return false;
  auto type = llvm::cast<RankedTensorType>(slice.getType());
  bool isLong = type.getRank() > 0 && type.getShape().back() >= vector;
  return isLong || llvm::any_of(slice.getSteps(), [](int64_t step) { return step < 0; });
}

/// Whether `op` broadcasts dimensions in some runs only. In all others its readers read its operand.
bool isOpenBroadcast(Operation *op) {
  auto expand = llvm::dyn_cast<dlc::ExpandLikeOp>(op);
  return expand && !expand.getOpen().empty();
}

/// The operands that are read where the result is written, so that they may be computed there.
OperandRange getComputedOperands(Operation *op) {
  if (isElementGather(op))
    return op->getOperands().drop_front();
  return isRowSlice(op) || isOpenBroadcast(op) ? op->getOperands().take_front(0) : op->getOperands();
}

class FuseElementwise final : public dlc::impl::FuseElementwiseBase<FuseElementwise> {
  void runOnOperation() override {
    dlc::VariableIndex variables(getOperation());
    llvm::SmallVector<Operation *> anchors;
    for (Operation &op : getOperation().getBody().front())
      if (dlc::needsKernel(&op) && takesEpilogue(&op))
        anchors.push_back(&op);
    for (Operation *anchor : llvm::reverse(anchors))
      fuseAround(anchor, variables);
    for (auto concat : llvm::make_early_inc_range(getOperation().getBody().front().getOps<dlc::ConcatOp>()))
      fuseParts(concat, variables);
    // From the last op on, each elementwise op that is still free starts a kernel and draws in its operands.
    llvm::SmallVector<Operation *> elementwise;
    for (Operation &op : llvm::reverse(getOperation().getBody().front()))
      if (dlc::needsKernel(&op) && op.hasTrait<dlc::Elementwise>())
        elementwise.push_back(&op);
    llvm::SmallPtrSet<Operation *, 16> taken;
    for (Operation *op : elementwise)
      if (!taken.contains(op))
        fuseChain(op, taken, variables);
  }

  /// The ops of `group` in the order of their block.
  static llvm::SmallVector<Operation *> inOrder(const llvm::SetVector<Operation *> &group) {
    llvm::SmallVector<Operation *> sorted(group.begin(), group.end());
    llvm::sort(sorted, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    return sorted;
  }

  static void fuseAround(Operation *anchor, const dlc::VariableIndex &variables) {
    llvm::SmallVector<Operation *> group{anchor};
    // One read of each element: only a plain reduction does not repeat the ops before it.
    if (auto reduce = llvm::dyn_cast<dlc::ReduceOp>(anchor);
        reduce && reduce.getKind() != dlc::ReductionKind::LogSumExp) {
      llvm::SetVector<Operation *> before;
      dlc::KernelBudget budget;
      collectOperands(anchor, before, budget, isCheap);
      llvm::SmallVector<Operation *> sorted = inOrder(before);
      group.insert(group.begin(), sorted.begin(), sorted.end());
    }
    dlc::appendFusibleUsers(group, variables);
    dlc::wrapInKernel(group, dlc::getKernelKind(anchor), anchor, variables);
  }

  /// Adds to `group` the ops that `accepts` takes and whose only use is in it, upwards from `anchor`, and those that
  /// `isResult` makes another result of it, while `budget` lasts: what it does not pay for gets a kernel of its own.
  static void collectOperands(
      Operation *anchor, llvm::SetVector<Operation *> &group, dlc::KernelBudget &budget,
      llvm::function_ref<bool(Operation *)> accepts,
      llvm::function_ref<bool(Operation *)> isResult = [](Operation *) { return false; }) {
    // Depth first, operands in order: the ops from the anchor op on, and which operand of each is next.
    llvm::SmallVector<std::pair<Operation *, unsigned>> path{{anchor, 0}};
    while (!path.empty()) {
      Operation *op = path.back().first;
      OperandRange operands = getComputedOperands(op);
      if (path.back().second == operands.size()) {
        path.pop_back();
        continue;
      }
      Operation *definition = operands[path.back().second++].getDefiningOp();
      if (!definition || definition->getBlock() != op->getBlock() || !accepts(definition) || group.contains(definition))
        continue;
      // x * x is one user with two uses.
      bool isUsedElsewhere = llvm::any_of(definition->getUsers(), [&](Operation *user) { return user != op; });
      if ((isUsedElsewhere && !isResult(definition)) || !budget.spend(definition))
        continue;
      group.insert(definition);
      path.push_back({definition, 0});
    }
  }

  /// Whether `op` computes the new value of another variable (a momentum) on the way to that of `last`'s (the weight).
  /// One kernel computes both, unless `op` reads the weight: `last` is stored first, where the weight was.
  static bool isUpdateBeside(Operation *op, Operation *last, const llvm::SetVector<Operation *> &group,
                             const dlc::VariableIndex &variables) {
    auto type = llvm::cast<RankedTensorType>(op->getResult(0).getType());
    auto lastType = llvm::cast<RankedTensorType>(last->getResult(0).getType());
    if (type.getShape() != lastType.getShape() || type.getEncoding() != lastType.getEncoding() ||
        llvm::any_of(op->getUsers(),
                     [&](Operation *user) { return !group.contains(user) && !llvm::isa<func::ReturnOp>(user); }))
      return false;
    StringAttr own = dlc::getVariableOfResult(op->getResult(0)), other = dlc::getVariableOfResult(last->getResult(0));
    if (!own || !other)
      return false;
    BlockArgument weight = variables.getOldValue(other);
    return !weight || !reads(op, weight);
  }

  /// Whether `op` reads `value`, itself or through elementwise ops.
  static bool reads(Operation *op, Value value) {
    llvm::SetVector<Operation *> readers;
    readers.insert(op);
    for (size_t i = 0; i < readers.size(); ++i)
      for (Value operand : readers[i]->getOperands()) {
        if (operand == value)
          return true;
        if (Operation *definition = operand.getDefiningOp(); definition && definition->hasTrait<dlc::Elementwise>())
          readers.insert(definition);
      }
    return false;
  }

  /// Draws in what computes the parts of a concatenation, each of which has a loop of its own.
  static void fuseParts(dlc::ConcatOp concat, const dlc::VariableIndex &variables) {
    if (llvm::cast<RankedTensorType>(concat.getType()).getEncoding())
      return;
    llvm::SetVector<Operation *> group;
    group.insert(concat);
    dlc::KernelBudget budget;
    collectOperands(concat, group, budget, [](Operation *op) {
      auto shape = llvm::cast<RankedTensorType>(op->getResult(0).getType()).getShape();
      bool isWhole = llvm::all_of(op->getUsers(), [&](Operation *user) {
        return llvm::isa<dlc::ConcatOp>(user) ||
               (user->getNumResults() == 1 &&
                llvm::cast<RankedTensorType>(user->getResult(0).getType()).getShape() == shape);
      });
      return op->hasTrait<dlc::Elementwise>() && (isCheap(op) || isWhole);
    });
    if (group.size() == 1)
      return;
    dlc::wrapInKernel(inOrder(group), dlc::KernelKind::Movement, concat, variables);
  }

  static void fuseChain(Operation *last, llvm::SmallPtrSetImpl<Operation *> &taken,
                        const dlc::VariableIndex &variables) {
    llvm::SetVector<Operation *> group;
    group.insert(last);
    auto shape = llvm::cast<RankedTensorType>(last->getResult(0).getType()).getShape();
    dlc::KernelBudget budget;
    budget.spend(last);
    // What is broadcast would be computed again for every element it goes to, so expensive ops stay outside then.
    collectOperands(
        last, group, budget,
        [&](Operation *op) {
          bool isWhole = llvm::cast<RankedTensorType>(op->getResult(0).getType()).getShape() == shape;
          if (!op->hasTrait<dlc::Elementwise>())
            return isRowSlice(op) || isOpenBroadcast(op) || (isElementGather(op) && isWhole);
          return isCheap(op) || isWhole;
        },
        [&](Operation *op) { return isUpdateBeside(op, last, group, variables); });
    taken.insert(group.begin(), group.end());
    dlc::wrapInKernel(inOrder(group), dlc::KernelKind::Elementwise, last, variables);
  }
};

} // namespace
