// SPDX-License-Identifier: Apache-2.0
#include "ir/KernelInterface.h"
#include "ir/OpsLinear.h"

using namespace mlir;

#include "ir/KernelInterface.cpp.inc"

namespace dlc {

/// Whether `op` can be the anchor op of a kernel of the kind `kind`. Recurrent kernels compute products.
static bool isOfKind(Operation *op, KernelKind kind) {
  auto computed = llvm::dyn_cast<KernelOpInterface>(op);
  return computed && (kind == KernelKind::Recurrent ? llvm::isa<MatMulOp>(op) : computed.getKernelKind() == kind);
}

Operation *findAnchorOp(Block &body, KernelKind kind) {
  for (Operation &op : llvm::reverse(body))
    if (isOfKind(&op, kind))
      return &op;
  return nullptr;
}

} // namespace dlc
