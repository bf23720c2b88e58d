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

class OutlineBranches final : public dlc::impl::OutlineBranchesBase<OutlineBranches> {
  void runOnOperation() override {
    if (failed(dlc::outlineModule<dlc::IfOp>(
            getOperation(),
            [&](func::FuncOp function) -> FailureOr<dlc::SymbolicShapes> & {
              return getChildAnalysis<dlc::SymbolicShapesAnalysis>(function).shapes;
            },
            [](dlc::OutlinedNames &names, func::FuncOp function, dlc::IfOp op) {
              // The first is taken where the condition is true.
              return llvm::SmallVector<std::string>{names.make(function, op.getLoc(), "if", ".then"),
                                                    names.make(function, op.getLoc(), "if", ".else")};
            },
            replace)))
      signalPassFailure();
  }

  /// Choices inside the branches have been outlined before; loops stay regions.
  static void replace(dlc::IfOp op, const dlc::OutlinedRegions &regions, const dlc::SymbolicShapes &shapes) {
    OpBuilder builder(op);
    func::FuncOp thenBody = regions.functions[0], elseBody = regions.functions[1];
    for (func::FuncOp body : {thenBody, elseBody})
      dlc::annotation::symbols.set(body, dlc::makeSymbolNames(shapes, builder));
    auto outlined =
        dlc::OutlinedIfOp::create(builder, op.getLoc(), op.getResultTypes(), op.getCondition(), thenBody.getName(),
                                  elseBody.getName(), regions.captures, op.getThenChecksAttr(), op.getElseChecksAttr());
    dlc::replaceByOutlined(op, outlined, op->getResults(), 0, shapes);
  }
};

} // namespace
