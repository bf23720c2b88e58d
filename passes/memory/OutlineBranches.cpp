// SPDX-License-Identifier: Apache-2.0
#include "analysis/SymbolicShapesAnalysis.h"
#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "ir/OpsControl.h"
#include "passes/Passes.h"
#include "passes/memory/OutlinedFunction.h"

#define DEBUG_TYPE "dlc-outline-branches"

namespace dlc {
#define GEN_PASS_DEF_OUTLINEBRANCHES
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

namespace {

/// Of the functions of the branches: the first is taken where the condition is true.
using BranchNames = std::array<std::string, 2>;

class OutlineBranches final : public dlc::impl::OutlineBranchesBase<OutlineBranches> {
  void runOnOperation() override {
    dlc::OutlinedNames names(getOperation());
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (function.isExternal())
        continue;
      FailureOr<dlc::SymbolicShapes> &shapes = getChildAnalysis<dlc::SymbolicShapesAnalysis>(function).shapes;
      if (failed(shapes))
        return signalPassFailure();
      dlc::ConstantWork constants(function);
      dlc::outlineAll<dlc::IfOp>(
          function,
          [&](dlc::IfOp op) {
            return BranchNames{names.make(function, op.getLoc(), "if", ".then"),
                               names.make(function, op.getLoc(), "if", ".else")};
          },
          [&](dlc::IfOp op, const BranchNames &branches) { outline(function, op, branches, constants, *shapes); });
    }
  }

  /// Choices inside the branches have been outlined before; loops stay regions.
  static void outline(func::FuncOp function, dlc::IfOp op, const BranchNames &names, dlc::ConstantWork &constants,
                      const dlc::SymbolicShapes &shapes) {
    llvm::SmallVector<func::FuncOp, 2> bodies;
    llvm::SetVector<Value> captures;
    for (auto [region, name] : llvm::zip(op->getRegions(), names)) {
      bodies.push_back(dlc::outlineRegion(function, region, name));
      dlc::findCaptures(bodies.back(), constants, captures);
    }
    OpBuilder builder(op);
    for (func::FuncOp body : bodies) {
      dlc::bindCaptures(body, constants, captures);
      dlc::annotation::symbols.set(body, dlc::makeSymbolNames(shapes, builder));
      dlc::describeOutlined(body, captures.getArrayRef(), shapes);
    }
    auto outlined = dlc::OutlinedIfOp::create(builder, op.getLoc(), op.getResultTypes(), op.getCondition(),
                                              bodies[0].getName(), bodies[1].getName(), captures.getArrayRef(),
                                              op.getThenChecksAttr(), op.getElseChecksAttr());
    outlined->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    dlc::noteDims(outlined, op->getResults(), 0, shapes);
    op->replaceAllUsesWith(outlined);
    op.erase();
  }
};

} // namespace
