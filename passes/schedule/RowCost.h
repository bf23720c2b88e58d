// SPDX-License-Identifier: Apache-2.0
/// \file
/// What kernels without register tiles cost, and how they are split between threads.
#ifndef DLC_PASSES_SCHEDULE_ROWCOST_H
#define DLC_PASSES_SCHEDULE_ROWCOST_H

#include "passes/schedule/TileSubject.h"

namespace dlc {

/// Nanoseconds that the kernel takes on one core, roughly: memory traffic at 10 bytes a nanosecond, and what its ops
/// compute. Dynamic extents count as 1.
double estimateNanoseconds(const TileSubject &subject);

/// The dimension whose ranges go to different threads, and of how many elements a range is a multiple.
struct RowSplit {
  int64_t dim = -1;
  int64_t grain = 1;
};

/// Splits the outermost of the dimensions `allowed` (logical ones of the result) that has enough elements, so that a
/// range takes 20 microseconds at least: less is not worth a wake-up. No split if the whole kernel takes less than
/// twice that. Ranges of the innermost dimension are multiples of `block`.
RowSplit chooseRowSplit(const TileSubject &subject, llvm::function_ref<bool(int64_t dim)> isAllowed,
                        int64_t block = 64);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_ROWCOST_H
