// SPDX-License-Identifier: Apache-2.0
#include "passes/graph/EraseDeadOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;

void dlc::eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
    else if (auto around = llvm::dyn_cast<RegionBranchOpInterface>(op))
      for (Region &region : around->getRegions())
        eraseDeadOps(region.front());
}
