// SPDX-License-Identifier: Apache-2.0
/// \file
/// From which estimated duration on a launch is worth handing to threads.
#ifndef DLC_BACKENDS_LLVM_LAUNCHCOST_H
#define DLC_BACKENDS_LLVM_LAUNCHCOST_H

#include "analysis/KernelCost.h"

namespace dlc {

/// A launch estimated below this runs on the calling thread: waking a sleeping worker takes 8 microseconds, a spinning
/// one less.
constexpr int64_t parallelThresholdNanoseconds = 20000;
/// Ranges handed to threads are at least about this long.
constexpr int64_t grainNanoseconds = 5000;

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_LAUNCHCOST_H
