// SPDX-License-Identifier: Apache-2.0
#include "ir/OpsConstant.h"
#include "ir/OpsControl.h"
#include "ir/OpsTraining.h"
#include "ir/SignatureBuilder.h"
#include "ir/Variables.h"
#include "passes/Passes.h"

#define DEBUG_TYPE "dlc-hoist-parameter-loads"

namespace dlc {
#define GEN_PASS_DEF_HOISTPARAMETERLOADS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class HoistParameterLoads final : public dlc::impl::HoistParameterLoadsBase<HoistParameterLoads> {
  void runOnOperation() override {
    bool isDifferentiated =
        getOperation().walk([](dlc::GradientOp) { return WalkResult::interrupt(); }).wasInterrupted();
    if (!isDifferentiated && !dlc::changesParameters(getOperation()))
      return;
    // What leaves an inner loop may be in an outer one.
    for (bool hasChanged = true; hasChanged;) {
      hasChanged = false;
      llvm::SmallVector<dlc::OutlinedLoopOp> loops;
      getOperation().walk([&](dlc::OutlinedLoopOp loop) { loops.push_back(loop); });
      for (dlc::OutlinedLoopOp loop : loops)
        hasChanged |= lift(loop);
    }
  }

  /// Whether there was something to lift.
  bool lift(dlc::OutlinedLoopOp loop) {
    func::FuncOp body = loop.getBodyFunction();
    llvm::SmallVector<dlc::LoadParameterOp> loads(body.getOps<dlc::LoadParameterOp>());
    llvm::DenseMap<Attribute, Value> arguments;
    if (loads.empty())
      return false;
    OpBuilder builder(loop);
    dlc::SignatureBuilder signature(body);
    llvm::SmallVector<Value> operands;
    for (dlc::LoadParameterOp load : loads) {
      Value &argument = arguments[load.getParameterAttr()];
      if (!argument) {
        argument = signature.addArgument(load.getType(), load.getLoc());
        operands.push_back(
            dlc::LoadParameterOp::create(builder, load.getLoc(), load.getType(), load.getParameter()).getResult());
      }
      load.replaceAllUsesWith(argument);
      load.erase();
    }
    loop.getCapturesMutable().append(operands);
    signature.finish();
    return true;
  }
};

} // namespace
