// SPDX-License-Identifier: Apache-2.0
/// \file
/// The mark of loops whose rows of a batch are independent, and of the kernels of their steps.
#ifndef DLC_IR_ROWRANGE_H
#define DLC_IR_ROWRANGE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace dlc {

/// On a `dlc.loop`, `dlc.kernel` or `dlc.kernel_func`: the number of rows (of dimension 0 of the results of kernels)
/// of a range that `--dlc-split-loop-batch` has chosen.
constexpr llvm::StringLiteral rowRangeName = "dlc.row_range";

/// Its value; 0 if `op` has none.
inline int64_t getRowRange(mlir::Operation *op) {
  auto range = op->getAttrOfType<mlir::IntegerAttr>(rowRangeName);
  return range ? range.getInt() : 0;
}

} // namespace dlc

#endif // DLC_IR_ROWRANGE_H
