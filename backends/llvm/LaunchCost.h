// SPDX-License-Identifier: Apache-2.0
/// \file
/// How long a kernel will take, roughly: enough to tell work that is worth a second thread from work that is not.
#ifndef DLC_BACKENDS_LLVM_LAUNCHCOST_H
#define DLC_BACKENDS_LLVM_LAUNCHCOST_H

#include "ir/KernelShapes.h"

namespace dlc {

struct KernelCost {
  mlir::AffineExpr operations; ///< additions, multiplications and the like; a transcendental function counts as 40
  mlir::AffineExpr bytes;      ///< read and written, each tensor once
};

/// The cost of one run of a `dlc.kernel_func` over its whole result, as expressions of the kernel's symbols.
KernelCost estimateCost(KernelFuncOp kernel, const KernelShapes &shapes);

/// Nanoseconds on one core that runs the widest of the kernel's versions: 6 operations a lane and nanosecond, which
/// register-tiled sums of products reach with two fused multiply-adds a cycle (16 lanes: 96 GFLOP/s, measured 100), 2.5
/// times as many for Winograd's algorithm, which does without most multiplications, and 12 bytes. Narrower versions
/// take longer, which errs on the side of one thread.
mlir::AffineExpr estimateNanoseconds(KernelFuncOp kernel, const KernelCost &cost);

/// A launch estimated below this runs on the calling thread: waking a sleeping worker takes 8 microseconds, a spinning
/// one less.
constexpr int64_t parallelThresholdNanoseconds = 20000;
/// Ranges handed to threads are at least about this long.
constexpr int64_t grainNanoseconds = 5000;

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_LAUNCHCOST_H
