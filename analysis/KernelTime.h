// SPDX-License-Identifier: Apache-2.0
/// \file
/// How long a kernel will take on one core: for reports, profiles, and decisions about a machine that is named.
#ifndef DLC_ANALYSIS_KERNELTIME_H
#define DLC_ANALYSIS_KERNELTIME_H

#include "analysis/KernelCost.h"
#include "mlir/IR/BuiltinOps.h"
#include "targets/MachineRates.h"

namespace dlc {

/// The schedule that new machines run; null if `kernel` has none.
ScheduleAttr getLastSchedule(KernelLikeOpInterface kernel);

/// The rates that `--machine` has given for the module that is or contains `op` (its attribute `dlc.rates`); none if
/// it has none.
std::optional<MachineRates> findGivenRates(mlir::Operation *op);

/// Gives the module `rates`.
void setGivenRates(mlir::ModuleOp module, const MachineRates &rates);

/// The rates for predictions about `op`, a kernel or a module without one: those that are given, or those of a typical
/// machine with the kernel's last instruction set.
MachineRates getRates(mlir::Operation *op);

/// Nanoseconds that a call of `kernel` is expected to take on one core with the rates of getRates, over the kernel's
/// symbols. `weightBytes`: of all weights of the model, which pass through the caches between two calls.
///
/// docs/performance.md has for how much of the models' time this is within 1.5 times of what was measured; single
/// kernels of microseconds are off by more.
mlir::AffineExpr predictNanoseconds(KernelLikeOpInterface kernel, const ScheduledCost &cost, int64_t weightBytes);

/// Nanoseconds of a call on one core by which decisions are made. Without rates that are given they are those of
/// estimateNanoseconds, which errs on the long side: it takes all tensors as coming from memory, on any processor.
mlir::AffineExpr countNanoseconds(KernelLikeOpInterface kernel, const KernelShapes &shapes);

/// The same for work that is not a kernel yet; `op` says of which module it is a part.
double countNanoseconds(mlir::Operation *op, double operations, double bytes);

/// The bytes of the weights of `module`, at the program level; 0 before.
int64_t getWeightBytes(mlir::ModuleOp module);

} // namespace dlc

#endif // DLC_ANALYSIS_KERNELTIME_H
