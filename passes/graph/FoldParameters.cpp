// SPDX-License-Identifier: Apache-2.0
#include "ir/OpsConstant.h"
#include "ir/OpsParameter.h"
#include "ir/Variables.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-fold-parameters"

namespace dlc {
#define GEN_PASS_DEF_FOLDPARAMETERS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {
class FoldParameters final : public dlc::impl::FoldParametersBase<FoldParameters> {
  using FoldParametersBase::FoldParametersBase;
  void runOnOperation() override {
    if (replaceable) {
      if (dlc::changesParameters(getOperation())) {
        getOperation().emitError(
            "this model is trainable, so its weights can be replaced anyway: leave --replaceable-weights out");
        signalPassFailure();
      }
      return;
    }
    SymbolTable symbols(getOperation());
    bool isComplete = true;
    getOperation().walk([&](dlc::LoadParameterOp load) {
      auto parameter = symbols.lookup<dlc::ParameterOp>(load.getParameter());
      if (!parameter || !parameter.getValue()) {
        load.emitError() << "parameter '" << load.getParameter() << "' has no value";
        isComplete = false;
        return;
      }
      OpBuilder builder(load);
      load.replaceAllUsesWith(
          dlc::ConstantOp::create(builder, load.getLoc(), load.getType(), *parameter.getValue()).getResult());
      load.erase();
    });
    if (!isComplete)
      return signalPassFailure();
    // What training changes is described until the program is made.
    if (!dlc::changesParameters(getOperation()))
      for (auto parameter : llvm::make_early_inc_range(getOperation().getOps<dlc::ParameterOp>()))
        parameter.erase();
  }
};
} // namespace
