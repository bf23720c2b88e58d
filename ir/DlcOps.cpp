// SPDX-License-Identifier: Apache-2.0
#include "ir/DlcDialect.h"
#include "ir/OpsControl.h"
#include "ir/OpsKernel.h"
#include "ir/OpsLinear.h"

using namespace mlir;

namespace dlc {

/// Whether `op` can be the anchor op of a kernel of the kind `kind`. Recurrent kernels compute products.
static bool isOfKind(Operation *op, KernelKind kind) {
  auto computed = llvm::dyn_cast<KernelOpInterface>(op);
  return computed && (kind == KernelKind::Recurrent ? llvm::isa<MatMulOp>(op) : computed.getKernelKind() == kind);
}

static Operation *findAnchor(Block &body, KernelKind kind) {
  for (Operation &op : llvm::reverse(body))
    if (isOfKind(&op, kind))
      return &op;
  return nullptr;
}

OperandRange KernelOp::getYieldedValues() { return llvm::cast<YieldOp>(getBody().front().getTerminator()).getValues(); }
Value KernelOp::getYielded() { return getYieldedValues().front(); }
Operation *KernelOp::getAnchorOp() { return findAnchor(getBody().front(), getKind()); }
OperandRange KernelFuncOp::getYieldedValues() {
  return llvm::cast<YieldOp>(getBody().front().getTerminator()).getValues();
}
Value KernelFuncOp::getYielded() { return getYieldedValues().front(); }
Operation *KernelFuncOp::getAnchorOp() { return findAnchor(getBody().front(), getKind()); }

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
