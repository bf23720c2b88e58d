// SPDX-License-Identifier: Apache-2.0
/// \file
/// Products of quantized matrices, less their zero points.
#ifndef DLC_FRONTEND_INTEGERPRODUCTS_H
#define DLC_FRONTEND_INTEGERPRODUCTS_H

#include "frontend/QuantizedNodes.h"

namespace dlc {

/// A zero point or scale of the rows of `a`: one number, one per row of a matrix, or `[..., M, 1]`.
mlir::Value perRow(QuantizedNode &node, mlir::Value value, mlir::Value a);
/// The same of the columns of a right operand.
mlir::Value perColumn(QuantizedNode &node, mlir::Value value);
/// a b in i32, of the elements less their zero points (null: 0); null after an error.
mlir::Value multiplyMatrices(QuantizedNode &node, mlir::Value a, mlir::Value aZero, mlir::Value b, mlir::Value bZero);

} // namespace dlc

#endif // DLC_FRONTEND_INTEGERPRODUCTS_H
