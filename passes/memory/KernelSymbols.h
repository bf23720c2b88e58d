// SPDX-License-Identifier: Apache-2.0
/// \file
/// Symbols of a kernel of its own: what it must know about sizes, and no more.
#ifndef DLC_PASSES_MEMORY_KERNELSYMBOLS_H
#define DLC_PASSES_MEMORY_KERNELSYMBOLS_H

#include "ir/OpsKernel.h"

namespace dlc {

/// Replaces the extents of `kernel`'s inputs by symbols where that changes nothing but expressions: an input of
/// `(H + 1) floordiv 2` rows has `s0` rows. All are replaced if exactly those extents of the kernel's tensors, and
/// those numbers of elements, that were equal before are equal afterwards; if not, only those on whose symbols no other
/// extent depends. Kernels of layers that differ in how sizes follow from those of the model become equal, and their
/// code does not compute them. Returns each symbol's value in terms of those that the kernel had. Schedules must have
/// been chosen before.
llvm::SmallVector<mlir::AffineExpr> replaceExtentsBySymbols(KernelOp kernel);

} // namespace dlc

#endif // DLC_PASSES_MEMORY_KERNELSYMBOLS_H
