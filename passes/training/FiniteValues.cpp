// SPDX-License-Identifier: Apache-2.0
#include "passes/training/FiniteValues.h"
#include "ir/OpsControl.h"
#include "ir/OpsLogic.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace dlc {

/// Whether `op` can make infinity or NaN of finite operands.
static bool isUnbounded(Operation *op) {
  auto singular = llvm::dyn_cast<SingularOpInterface>(op);
  return singular && singular.isSingular();
}

/// Sums of products mix elements: behind them there is none that a NaN has left alone.
static bool isContraction(Operation *op) { return op->hasTrait<Contraction>() || llvm::isa<LoopOp>(op); }

/// Whether a branch of `branches`, whose values may be results as they are, makes infinity or NaN.
static bool hasUnboundedBranch(IfOp branches) {
  return branches.walk([](Operation *op) { return isUnbounded(op) ? WalkResult::interrupt() : WalkResult::advance(); })
      .wasInterrupted();
}

/// Operands of `op`, and what its branches read of the code around it.
static llvm::SetVector<Value> getReadValues(Operation &op) {
  llvm::SetVector<Value> values(op.operand_begin(), op.operand_end());
  if (llvm::isa<IfOp>(op))
    getUsedValuesDefinedAbove(op.getRegions(), values);
  return values;
}

void FiniteValues::analyze(Block &block, Operation *end) {
  // A model that asks whether a tensor is finite says that it need not be.
  for (Operation &op : block) {
    if (&op == end)
      break;
    if (llvm::isa<IsNanOp, IsInfOp>(op))
      unbounded.insert(op.getOperand(0));
  }
  for (Operation &op : block) {
    if (&op == end)
      break;
    bool follows =
        !isContraction(&op) && llvm::any_of(getReadValues(op), [&](Value operand) { return !contains(operand); });
    auto branches = llvm::dyn_cast<IfOp>(op);
    if (!follows && !isUnbounded(&op) && !(branches && hasUnboundedBranch(branches)))
      continue;
    for (Value result : op.getResults())
      if (llvm::isa<FloatType>(getElementTypeOrSelf(result.getType())))
        unbounded.insert(result);
  }
}

} // namespace dlc
