// SPDX-License-Identifier: Apache-2.0
/// \file
/// The work of a kernel, and how long it will take, roughly: enough to distinguish work that is worth a second thread
/// from work that is not, and what is cheap to recompute from what is not.
#ifndef DLC_ANALYSIS_KERNELCOST_H
#define DLC_ANALYSIS_KERNELCOST_H

#include "ir/KernelInterface.h"
#include "ir/KernelShapes.h"

namespace dlc {

/// How much faster Winograd's algorithm is than the direct sum, measured: it does without most multiplications.
constexpr double winogradFactor = 2.5;

/// One run of a kernel over its whole result, as expressions of the kernel's symbols.
struct KernelCost {
  mlir::AffineExpr operations; ///< slots of vector lanes: a sum or product of a register tile takes one
  mlir::AffineExpr bytes;      ///< read and written, each tensor once
};

/// What a kernel with its schedules and layouts does.
struct ScheduledCost : KernelCost {
  mlir::AffineExpr passedBytes; ///< written and read again in parts that the second-level cache holds
};

/// The same with dynamic extents taken as 1.
struct KernelWork {
  double operations, bytes;
};

/// The cost of a kernel.
KernelCost estimateCost(KernelLikeOpInterface kernel, const KernelShapes &shapes);

/// The same, but for Winograd's algorithm with prepacked weights: of its sums in (m + 2) x (m + 2) values for each tile
/// of m x m results, of the weights as they are in memory, and of the tiles, which pass through a cache twice. (A
/// gradient of weights by that algorithm counts as the direct sum.)
ScheduledCost estimateScheduledCost(KernelLikeOpInterface kernel, const KernelShapes &shapes);

/// The work of a kernel with this body, whose tensors have the types that `typeOf` says.
KernelWork estimateWork(mlir::Block &body, llvm::function_ref<mlir::RankedTensorType(mlir::Value)> typeOf);

/// What `op`, of a graph, counts in a kernel of its own, with dynamic extents taken as 1.
double estimateOperations(mlir::Operation *op);

/// Nanoseconds on one core that runs the fastest of the kernel's versions (analysis/MachineCost.h); of a kernel without
/// schedules, on the reference machine. Winograd's algorithm counts as `winogradFactor` times as fast. Slower versions
/// take longer, which errs on the side of one thread.
mlir::AffineExpr estimateNanoseconds(KernelLikeOpInterface kernel, const KernelCost &cost);

} // namespace dlc

#endif // DLC_ANALYSIS_KERNELCOST_H
