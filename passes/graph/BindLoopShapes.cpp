// SPDX-License-Identifier: Apache-2.0
#include "passes/graph/BindLoopShapes.h"
#include "ir/DlcDialect.h"
#include "ir/OpsControl.h"
#include "ir/SignatureBuilder.h"
#include "ir/SymbolicShapes.h"
#include "passes/Passes.h"
#include "llvm/ADT/SmallPtrSet.h"

#define DEBUG_TYPE "dlc-bind-loop-shapes"

namespace dlc {
#define GEN_PASS_DEF_BINDLOOPSHAPES
#include "passes/Passes.h.inc"
} // namespace dlc

using namespace mlir;

/// Binds the loops of `function`, whose own arguments have their extents, and then those inside their bodies.
static LogicalResult bindLoops(func::FuncOp function, llvm::SmallPtrSetImpl<Operation *> &bound) {
  FailureOr<dlc::SymbolicShapes> shapes = dlc::SymbolicShapes::analyze(function);
  if (failed(shapes))
    return failure();
  Builder builder(function.getContext());
  llvm::SmallVector<llvm::StringRef> symbols(shapes->getSymbols().begin(), shapes->getSymbols().end());
  WalkResult walked = function.walk([&](dlc::OutlinedLoopOp loop) {
    func::FuncOp body = loop.getBodyFunction();
    if (!bound.insert(body).second) {
      loop.emitOpError("shares its body with another loop");
      return WalkResult::interrupt();
    }
    body->setAttr("dlc.symbols", builder.getStrArrayAttr(symbols));
    body->setAttr("dlc.carried", builder.getI64IntegerAttr(loop.getInitialValues().size()));
    body->setAttr("dlc.stacked", builder.getI64IntegerAttr(loop.getScanOutputs().size()));
    dlc::SignatureBuilder signature(body);
    for (auto [number, dims] : llvm::enumerate(shapes->getBodyArgumentDims(loop)))
      signature.setArgAttr(number, "dlc.dims",
                           AffineMapAttr::get(AffineMap::get(0, symbols.size(), dims, function.getContext())));
    signature.finish();
    return failed(bindLoops(body, bound)) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return failure(walked.wasInterrupted());
}

LogicalResult dlc::bindLoopShapes(ModuleOp module) {
  llvm::SmallPtrSet<Operation *, 8> bound;
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isPrivate() && failed(bindLoops(function, bound)))
      return failure();
  return success();
}

namespace {

class BindLoopShapes final : public dlc::impl::BindLoopShapesBase<BindLoopShapes> {
  void runOnOperation() override {
    if (failed(dlc::bindLoopShapes(getOperation())))
      signalPassFailure();
  }
};

} // namespace
