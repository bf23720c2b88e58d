// SPDX-License-Identifier: Apache-2.0
/// \file
/// Extents as maps of the extents of an op's operands.
#ifndef DLC_IR_EXTENTMAPS_H
#define DLC_IR_EXTENTMAPS_H

#include "ir/ShapeInference.h"

namespace dlc {

/// Appends the results of `map`, whose symbols are all extents of `operands`, one operand after another. Fails with a
/// diagnostic if it has other symbols.
mlir::LogicalResult applyToExtents(std::optional<mlir::Location> location, mlir::AffineMap map,
                                   llvm::ArrayRef<Dims> operands, llvm::SmallVectorImpl<mlir::AffineExpr> &results);

/// Appends the extents of a result by `map` in the same way, and requires that none is negative.
mlir::LogicalResult inferFromExtents(std::optional<mlir::Location> location, mlir::AffineMap map,
                                     llvm::ArrayRef<Dims> operands, Dims &result);

} // namespace dlc

#endif // DLC_IR_EXTENTMAPS_H
