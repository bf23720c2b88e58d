// SPDX-License-Identifier: Apache-2.0
#include "analysis/PackedWeights.h"
#include "analysis/KernelSchedules.h"
#include "ir/Layout.h"
#include "ir/OpsKernel.h"
#include "ir/ShapeInference.h"

using namespace mlir;

namespace dlc {

int64_t countPackedBytes(Operation *function) {
  llvm::DenseSet<Value> weights;
  int64_t bytes = 0;
  function->walk([&](KernelOp kernel) {
    Operation *anchorOp = kernel.getAnchorOp();
    if (!anchorOp || anchorOp->getNumOperands() < 2)
      return;
    auto argument = llvm::dyn_cast<BlockArgument>(anchorOp->getOperand(1));
    if (!argument)
      return;
    auto type = llvm::cast<RankedTensorType>(argument.getType());
    if (isPacked(type) && type.hasStaticShape() && weights.insert(kernel.getInputs()[argument.getArgNumber()]).second)
      bytes += *constantDim(getBufferBytes(type, staticDims(type)));
  });
  return bytes;
}

} // namespace dlc
