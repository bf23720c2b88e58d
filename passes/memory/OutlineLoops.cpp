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
    dlc::OutlinedNames names(getOperation());
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (function.isExternal())
        continue;
      FailureOr<dlc::SymbolicShapes> &shapes = getChildAnalysis<dlc::SymbolicShapesAnalysis>(function).shapes;
      if (failed(shapes))
        return signalPassFailure();
      dlc::ConstantWork constants(function);
      dlc::outlineAll<dlc::LoopOp>(
          function, [&](dlc::LoopOp loop) { return names.make(function, loop.getLoc(), "loop"); },
          [&](dlc::LoopOp loop, llvm::StringRef name) { outline(function, loop, name, constants, *shapes); });
    }
  }

  /// Inner loops have been outlined before.
  static void outline(func::FuncOp function, dlc::LoopOp loop, llvm::StringRef name, dlc::ConstantWork &constants,
                      const dlc::SymbolicShapes &shapes) {
    func::FuncOp step = dlc::outlineRegion(function, loop.getRegion(), name);
    llvm::SetVector<Value> captures;
    dlc::findCaptures(step, constants, captures);
    dlc::bindCaptures(step, constants, captures);
    dlc::describeOutlined(step, captures.getArrayRef(), shapes);
    OpBuilder builder(loop);
    dlc::annotation::step.set(step,
                              dlc::LoopStepAttr::get(step.getContext(), dlc::makeSymbolNames(shapes, builder),
                                                     loop.getInitialValues().size(), loop.getScanOutputs().size()));
    auto outlined = dlc::OutlinedLoopOp::create(
        builder, loop.getLoc(), loop.getResultTypes(), name, loop.getInitialValues(), loop.getScanInputs(),
        captures.getArrayRef(), loop.getLimit(), loop.getTripCountAttr(), loop.getReverse(), loop.getStops());
    outlined->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
    dlc::noteDims(outlined, loop.getScanOutputs(), 1, shapes);
    loop->replaceAllUsesWith(outlined);
    loop.erase();
  }
};

} // namespace
