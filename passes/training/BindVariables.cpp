// SPDX-License-Identifier: Apache-2.0
#include "ir/Variables.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-bind-variables"

namespace dlc {
#define GEN_PASS_DEF_BINDVARIABLES
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class BindVariables final : public dlc::impl::BindVariablesBase<BindVariables> {
  void runOnOperation() override {
    if (!dlc::changesParameters(getOperation()))
      return;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(bind(function)))
        return signalPassFailure();
  }

  LogicalResult bind(func::FuncOp function) {
    SymbolTable symbols(getOperation());
    Builder builder(&getContext());
    auto describe = [&](FlatSymbolRefAttr parameter) {
      return builder.getDictionaryAttr({builder.getNamedAttr(dlc::variableAttribute, parameter.getAttr())});
    };
    llvm::DenseMap<Attribute, Value> arguments;
    for (auto load : llvm::make_early_inc_range(function.getOps<dlc::LoadParameterOp>())) {
      if (function.isPrivate())
        return load.emitOpError("stands in a loop, where parameters that change are not known");
      auto parameter = symbols.lookup<dlc::ParameterOp>(load.getParameter());
      if (!parameter || parameter.getType() != load.getType())
        return load.emitOpError("loads a parameter that does not exist, or is of another type");
      Value &argument = arguments[load.getParameterAttr()];
      if (!argument) {
        unsigned number = function.getNumArguments();
        if (failed(function.insertArgument(number, load.getType(), describe(load.getParameterAttr()), load.getLoc())))
          return failure();
        argument = function.getArgument(number);
      }
      load.replaceAllUsesWith(argument);
      load.erase();
    }
    Operation *end = function.getBody().front().getTerminator();
    llvm::DenseSet<Attribute> assigned;
    for (auto assign : llvm::make_early_inc_range(function.getOps<dlc::AssignOp>())) {
      auto parameter = symbols.lookup<dlc::ParameterOp>(assign.getParameter());
      if (!parameter || parameter.getType() != assign.getValue().getType())
        return assign.emitOpError("gives a parameter that does not exist, or is of another type, a ")
               << assign.getValue().getType();
      if (!assigned.insert(assign.getParameterAttr()).second)
        return assign.emitOpError("is the second one of this parameter in a function");
      if (failed(function.insertResult(function.getNumResults(), assign.getValue().getType(),
                                       describe(assign.getParameterAttr()))))
        return failure();
      end->insertOperands(end->getNumOperands(), assign.getValue());
      assign.erase();
    }
    return success();
  }
};

} // namespace
