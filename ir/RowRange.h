// SPDX-License-Identifier: Apache-2.0
/// \file
/// The mark of loops whose rows of a batch are independent, and of the kernels of their steps.
#ifndef DLC_IR_ROWRANGE_H
#define DLC_IR_ROWRANGE_H

#include "ir/Annotations.h"

namespace dlc {

/// The number of rows (of dimension 0 of the results of kernels) of a range that `--dlc-split-loop-batch` has chosen
/// for `op`, a `dlc.outlined_loop`, `dlc.kernel` or `dlc.kernel_func`; 0 if it has chosen none.
inline int64_t getRowRange(mlir::Operation *op) {
  auto range = annotation::rowRange.get(op);
  return range ? range.getInt() : 0;
}

} // namespace dlc

#endif // DLC_IR_ROWRANGE_H
