// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a launch that is worth handing to threads (parallelThresholdNanoseconds) is cut.
#ifndef DLC_BACKENDS_LLVM_LAUNCHCOST_H
#define DLC_BACKENDS_LLVM_LAUNCHCOST_H

#include "analysis/KernelCost.h"
#include "analysis/MachineCost.h"

namespace dlc {

/// Ranges handed to threads are at least about this long.
constexpr int64_t grainNanoseconds = 5000;

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_LAUNCHCOST_H
