// SPDX-License-Identifier: Apache-2.0
#include "passes/graph/EraseDeadOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

void dlc::eraseDeadOps(func::FuncOp function) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isOpTriviallyDead(&op))
      op.erase();
}
