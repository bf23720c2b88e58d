// SPDX-License-Identifier: Apache-2.0
/// \file
/// How kernels without register tiles are split between threads.
#ifndef DLC_BACKENDS_CPU_ROWSPLIT_H
#define DLC_BACKENDS_CPU_ROWSPLIT_H

#include "analysis/TileSubject.h"

namespace dlc {

/// The dimension whose ranges go to different threads, and of how many elements a range is a multiple.
struct RowSplit {
  int64_t dim = -1;
  int64_t grain = 1;
};

/// Splits the outermost of the dimensions `allowed` (logical ones of the result) that has enough elements, so that a
/// range takes parallelThresholdNanoseconds at least, on the reference machine: all have the same ranges. No split if
/// the whole kernel takes less than twice that. Ranges of the innermost dimension are multiples of `block`.
RowSplit chooseRowSplit(const TileSubject &subject, llvm::function_ref<bool(int64_t dim)> isAllowed,
                        int64_t block = 64);

} // namespace dlc

#endif // DLC_BACKENDS_CPU_ROWSPLIT_H
