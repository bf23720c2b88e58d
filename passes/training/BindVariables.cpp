// SPDX-License-Identifier: Apache-2.0
#include "ir/Annotations.h"
#include "ir/OpsParameter.h"
#include "ir/OpsTraining.h"
#include "ir/SignatureBuilder.h"
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
    SymbolTable symbols(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(bind(function, symbols)))
        return signalPassFailure();
  }

  LogicalResult bind(func::FuncOp function, SymbolTable &symbols) {
    dlc::SignatureBuilder signature(function);
    Builder builder(&getContext());
    auto describe = [&](FlatSymbolRefAttr parameter) {
      return builder.getDictionaryAttr({dlc::annotation::variable.with(parameter.getAttr())});
    };
    llvm::DenseMap<Attribute, Value> arguments;
    llvm::SmallVector<dlc::LoadParameterOp> loads;
    function.walk([&](dlc::LoadParameterOp load) { loads.push_back(load); });
    for (dlc::LoadParameterOp load : loads) {
      auto parameter = symbols.lookup<dlc::ParameterOp>(load.getParameter());
      if (!parameter || parameter.getType() != load.getType())
        return load.emitOpError("loads a parameter that does not exist, or is of another type");
      Value &argument = arguments[load.getParameterAttr()];
      if (!argument)
        argument = signature.addArgument(load.getType(), load.getLoc(), describe(load.getParameterAttr()));
      load.replaceAllUsesWith(argument);
      load.erase();
    }
    Operation *end = function.getBody().front().getTerminator();
    llvm::DenseSet<Attribute> assigned;
    llvm::SmallVector<Value> values;
    for (auto assign : llvm::make_early_inc_range(function.getOps<dlc::AssignOp>())) {
      auto parameter = symbols.lookup<dlc::ParameterOp>(assign.getParameter());
      if (!parameter || parameter.getType() != assign.getValue().getType())
        return assign.emitOpError("gives a parameter that does not exist, or "
                                  "is of another type, a ")
               << assign.getValue().getType();
      if (!assigned.insert(assign.getParameterAttr()).second)
        return assign.emitOpError("is the second one of this parameter in a function");
      signature.addResult(assign.getValue().getType(), describe(assign.getParameterAttr()));
      values.push_back(assign.getValue());
      assign.erase();
    }
    end->insertOperands(end->getNumOperands(), values);
    signature.finish();
    return success();
  }
};

} // namespace
