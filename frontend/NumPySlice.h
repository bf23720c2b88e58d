// SPDX-License-Identifier: Apache-2.0
/// \file
/// Slices as models write them, for `dlc.slice`.
#ifndef DLC_FRONTEND_NUMPYSLICE_H
#define DLC_FRONTEND_NUMPYSLICE_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace dlc {

/// The attributes of a `dlc.slice` of a tensor of some rank; at first the whole tensor.
struct NumPySlice {
  llvm::SmallVector<int64_t> starts, sizes, steps;

  explicit NumPySlice(int64_t rank) : starts(rank, 0), sizes(rank, -1), steps(rank, 1) {}

  /// Takes `start:end:step` of dimension `dim`, which has `extent` elements, as NumPy does: negative bounds count from
  /// the end, and what is out of range is cut off. `step` is not 0.
  void cut(int64_t dim, int64_t extent, int64_t start, int64_t end, int64_t step);
};

} // namespace dlc

#endif // DLC_FRONTEND_NUMPYSLICE_H
