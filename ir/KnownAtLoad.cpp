// SPDX-License-Identifier: Apache-2.0
#include "ir/KnownAtLoad.h"
#include "ir/DlcDialect.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

bool dlc::followsFromWeights(Value value) {
  bool readsParameter = false;
  llvm::SmallPtrSet<Operation *, 8> seen;
  llvm::SmallVector<Value> pending{value};
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    if (!op)
      return false;
    if (!seen.insert(op).second || llvm::isa<ConstantOp>(op))
      continue;
    if (llvm::isa<LoadParameterOp>(op)) {
      readsParameter = true;
      continue;
    }
    if (!llvm::isa<DimensionOpInterface, PackOp, UnpackOp>(op))
      return false;
    llvm::append_range(pending, op->getOperands());
  }
  return readsParameter;
}

bool dlc::isKnownAtLoad(Value value) { return value.getDefiningOp<ConstantOp>() || followsFromWeights(value); }
