// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a group of ops becomes a kernel.
#ifndef DLC_PASSES_FUSION_WRAPINKERNEL_H
#define DLC_PASSES_FUSION_WRAPINKERNEL_H

#include "ir/DlcDialect.h"
#include "ir/Variables.h"

namespace dlc {

/// Moves `ops` (in program order) into a kernel at the place of the last. Its results are the last one's and then those
/// of the others that are used outside, which only happens after the last and has its shape and layout. Splat constants
/// are cloned into it, everything else that it reads becomes an input. The kernel is named after `rootOp`: its
/// layer, or `w.update` if it gives the variable `w` a new value and no layer does. `variables` are those of the
/// function.
KernelOp wrapInKernel(llvm::ArrayRef<mlir::Operation *> ops, KernelRoot root, mlir::Operation *rootOp,
                      const VariableIndex &variables);

/// A kernel that copies `value` at the builder's place.
KernelOp createCopyKernel(mlir::OpBuilder &builder, mlir::Location location, mlir::Value value, llvm::StringRef name);

/// The family whose schedule templates compute `op` as a root.
KernelRoot getFamily(mlir::Operation *op);

/// Whether `op` is an op of the graph that stands outside of kernels: not a constant, a kernel, or a terminator.
bool needsKernel(mlir::Operation *op);

/// The elementwise op that alone uses the result of `last` and can be computed with it, element by element: it has the
/// shape and layout order of `last`'s result, and all its other operands exist before `last` or are computed by ops
/// that may move up. Null if there is none, or if it makes a variable's new value of the old one: an elementwise kernel
/// does that where the variable lies, other kernels would need a place of their own.
mlir::Operation *getFusibleUser(mlir::Operation *last, const VariableIndex &variables);

} // namespace dlc

#endif // DLC_PASSES_FUSION_WRAPINKERNEL_H
