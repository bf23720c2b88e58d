// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a group of ops becomes a kernel.
#ifndef DLC_PASSES_FUSION_WRAPINKERNEL_H
#define DLC_PASSES_FUSION_WRAPINKERNEL_H

#include "ir/OpsCustom.h"
#include "ir/OpsKernel.h"
#include "ir/Variables.h"

namespace dlc {

/// Moves `ops` (in program order) into a kernel at the position of the last. Its results are the last one's and then
/// those of the others that are used outside, which only happens after the last and has its shape and layout. Splat
/// constants that are not marked `dlc.as_input` are cloned into it, everything else that it reads becomes an input. The
/// kernel is named after `anchorOp`: its layer, or `w.update` if it gives the variable `w` a new value and no layer
/// does. `variables` are those of the function.
KernelOp wrapInKernel(llvm::ArrayRef<mlir::Operation *> ops, KernelKind kind, mlir::Operation *anchorOp,
                      const VariableIndex &variables);

/// Moves the op and its further results into a kernel that gives all results of the function, in order.
KernelOp wrapCustomOp(CustomOp op, const VariableIndex &variables);

/// A kernel that copies `value`, at the builder's insertion point.
KernelOp createCopyKernel(mlir::OpBuilder &builder, mlir::Location location, mlir::Value value, llvm::StringRef name);

/// The kernel kind whose schedule templates compute `op` as the anchor op.
KernelKind getKernelKind(mlir::Operation *op);

/// Whether `op` is an op of the graph outside kernels: not a constant, a kernel, or a terminator.
bool needsKernel(mlir::Operation *op);

/// How many elementwise ops one kernel computes around its anchor op. A kernel's compile time grows with the square of
/// their number (64 products and sums take 0.1 s, 500 take 5 s), while what a longer kernel saves, one intermediate
/// tensor that is stored and loaded, is a small part of the work of so many ops.
class KernelBudget {
public:
  /// Whether there is room for `op`; if so, takes it.
  bool spend(mlir::Operation *op);

private:
  int64_t left = 64;
};

/// Appends to `group` the elementwise ops that can be computed with its last op, element by element, while there is
/// budget. Each alone uses the result of the one before: it has that result's shape and layout order, and all its other
/// operands exist before or are computed by ops that may move up. An op that makes a variable's new value of the old
/// one ends the group: an elementwise kernel does that where the variable is stored, other kernels would need memory of
/// their own.
void appendFusibleUsers(llvm::SmallVectorImpl<mlir::Operation *> &group, const VariableIndex &variables);

} // namespace dlc

#endif // DLC_PASSES_FUSION_WRAPINKERNEL_H
