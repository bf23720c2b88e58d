// SPDX-License-Identifier: Apache-2.0
#include "ir/DlcDialect.h"
#include "ir/OpsControl.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLinear.h"

using namespace mlir;

namespace dlc {

/// Whether `op` can be the anchor op of a kernel of the kind `root`. Recurrent kernels compute products.
static bool isOfFamily(Operation *op, KernelRoot root) {
  auto computed = llvm::dyn_cast<KernelOpInterface>(op);
  return computed && (root == KernelRoot::Recurrent ? llvm::isa<MatMulOp>(op) : computed.getKernelRoot() == root);
}

static Operation *findRoot(Block &body, KernelRoot root) {
  for (Operation &op : llvm::reverse(body))
    if (isOfFamily(&op, root))
      return &op;
  return nullptr;
}

OperandRange KernelOp::getYieldedValues() { return llvm::cast<YieldOp>(getBody().front().getTerminator()).getValues(); }
Value KernelOp::getYielded() { return getYieldedValues().front(); }
Operation *KernelOp::getRootOp() { return findRoot(getBody().front(), getRoot()); }
OperandRange KernelFuncOp::getYieldedValues() {
  return llvm::cast<YieldOp>(getBody().front().getTerminator()).getValues();
}
Value KernelFuncOp::getYielded() { return getYieldedValues().front(); }
Operation *KernelFuncOp::getRootOp() { return findRoot(getBody().front(), getRoot()); }

func::FuncOp LoopOp::getBodyFunction() {
  return SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(*this, getBodyAttr());
}
ResultRange LoopOp::getFinals() { return getOutputs().take_front(getCarried().size()); }
ResultRange LoopOp::getStacked() {
  ResultRange rest = getOutputs().drop_front(getCarried().size());
  return getStops() ? rest.drop_back() : rest;
}
Value LoopOp::getStepCount() { return getStops() ? Value(getOutputs().back()) : Value(); }

} // namespace dlc
