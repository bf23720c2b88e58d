// SPDX-License-Identifier: Apache-2.0
#include "ir/Variables.h"
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "ir/OpsTraining.h"

using namespace mlir;

namespace dlc {

StringAttr getVariableOfArgument(func::FuncOp function, unsigned number) {
  return annotation::variable.getOfArgument(function, number);
}

StringAttr getVariableOfArgument(Value value) {
  auto argument = llvm::dyn_cast<BlockArgument>(value);
  auto function = argument ? llvm::dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp()) : func::FuncOp();
  return function ? getVariableOfArgument(function, argument.getArgNumber()) : StringAttr();
}

StringAttr getVariableOfResult(func::FuncOp function, unsigned number) {
  return annotation::variable.getOfResult(function, number);
}

StringAttr getVariableOfResult(Value value) {
  for (OpOperand &use : value.getUses())
    if (auto end = llvm::dyn_cast<func::ReturnOp>(use.getOwner()))
      if (auto variable = getVariableOfResult(end->getParentOfType<func::FuncOp>(), use.getOperandNumber()))
        return variable;
  return StringAttr();
}

BlockArgument getOldValue(func::FuncOp function, StringAttr variable) {
  for (BlockArgument argument : function.getArguments())
    if (variable && getVariableOfArgument(function, argument.getArgNumber()) == variable)
      return argument;
  return BlockArgument();
}

bool changesVariable(func::FuncOp function, StringAttr variable) {
  return variable && llvm::any_of(llvm::seq(function.getNumResults()),
                                  [&](unsigned number) { return getVariableOfResult(function, number) == variable; });
}

VariableIndex::VariableIndex(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments())
    if (StringAttr variable = getVariableOfArgument(function, argument.getArgNumber()))
      oldValues.try_emplace(variable, argument);
  for (unsigned number = 0; number < function.getNumResults(); ++number)
    if (StringAttr variable = getVariableOfResult(function, number))
      changed.insert(variable);
}

bool changesParameters(ModuleOp module) {
  WalkResult found = module.walk([](Operation *op) {
    bool changes = llvm::isa<AssignOp, ApplyGradientsOp>(op);
    if (auto function = llvm::dyn_cast<func::FuncOp>(op))
      changes = llvm::any_of(llvm::seq(function.getNumResults()),
                             [&](unsigned number) { return getVariableOfResult(function, number); });
    return changes ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found.wasInterrupted();
}

} // namespace dlc
