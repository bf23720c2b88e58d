// SPDX-License-Identifier: Apache-2.0
/// \file
/// How long a kernel will take, roughly: enough to distinguish work that is worth a second thread from work that is
/// not, and what is cheap to recompute from what is not.
#ifndef DLC_ANALYSIS_KERNELCOST_H
#define DLC_ANALYSIS_KERNELCOST_H

#include "ir/KernelShapes.h"

namespace dlc {

struct KernelCost {
  mlir::AffineExpr operations; ///< additions, multiplications and the like; a transcendental function counts as 40
  mlir::AffineExpr bytes;      ///< read and written, each tensor once
};

/// The cost of one run of a `dlc.kernel` or `dlc.kernel_func` over its whole result, as expressions of the kernel's
/// symbols.
KernelCost estimateCost(mlir::Operation *kernel, const KernelShapes &shapes);

/// Nanoseconds on one core that runs the widest of the kernel's versions: 6 operations per lane and nanosecond, which
/// register-tiled sums of products reach with two fused multiply-adds per cycle (16 lanes: 96 GFLOP/s, measured
/// 100), 2.5 times as many for Winograd's algorithm, which does without most multiplications, and 12 bytes. Narrower
/// versions take longer, which errs on the side of one thread.
mlir::AffineExpr estimateNanoseconds(mlir::Operation *kernel, const KernelCost &cost);

} // namespace dlc

#endif // DLC_ANALYSIS_KERNELCOST_H
