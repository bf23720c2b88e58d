// SPDX-License-Identifier: Apache-2.0
/// \file
/// What all kernels have, in a graph (`dlc.kernel`) and in a program (`dlc.kernel_func`).
#ifndef DLC_IR_KERNELINTERFACE_H
#define DLC_IR_KERNELINTERFACE_H

#include "ir/DlcDialect.h"

namespace dlc {
/// The last op in the body of a kernel of the kind `kind` that can be its anchor op; null if there is none.
mlir::Operation *findAnchorOp(mlir::Block &body, KernelKind kind);
} // namespace dlc

#include "ir/KernelInterface.h.inc"

#endif // DLC_IR_KERNELINTERFACE_H
