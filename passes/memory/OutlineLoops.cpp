// SPDX-License-Identifier: Apache-2.0
#include "analysis/SymbolicShapesAnalysis.h"
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "ir/OpsControl.h"
#include "passes/Passes.h"
#include "passes/memory/OutlinedFunction.h"

#define DEBUG_TYPE "dlc-outline-loops"

namespace dlc {
#define GEN_PASS_DEF_OUTLINELOOPS
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

class OutlineLoops final : public dlc::impl::OutlineLoopsBase<OutlineLoops> {
  void runOnOperation() override {
    if (failed(dlc::outlineModule<dlc::LoopOp>(
            getOperation(),
            [&](func::FuncOp function) -> FailureOr<dlc::SymbolicShapes> & {
              return getChildAnalysis<dlc::SymbolicShapesAnalysis>(function).shapes;
            },
            [](dlc::OutlinedNames &names, func::FuncOp function, dlc::LoopOp loop) {
              return llvm::SmallVector<std::string>{names.make(function, loop.getLoc(), "loop")};
            },
            replace)))
      signalPassFailure();
  }

  /// Inner loops have been outlined before.
  static void replace(dlc::LoopOp loop, const dlc::OutlinedRegions &regions, const dlc::SymbolicShapes &shapes) {
    func::FuncOp step = regions.functions.front();
    OpBuilder builder(loop);
    dlc::annotation::step.set(step,
                              dlc::LoopStepAttr::get(step.getContext(), dlc::makeSymbolNames(shapes, builder),
                                                     loop.getInitialValues().size(), loop.getScanOutputs().size()));
    auto outlined = dlc::OutlinedLoopOp::create(
        builder, loop.getLoc(), loop.getResultTypes(), step.getName(), loop.getInitialValues(), loop.getScanInputs(),
        regions.captures, loop.getLimit(), loop.getTripCountAttr(), loop.getReverse(), loop.getStops());
    dlc::replaceByOutlined(loop, outlined, loop.getScanOutputs(), 1, shapes);
  }
};

} // namespace
