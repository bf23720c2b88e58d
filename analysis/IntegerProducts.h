// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which sums of products are of integers that instructions for dot products take.
#ifndef DLC_ANALYSIS_INTEGERPRODUCTS_H
#define DLC_ANALYSIS_INTEGERPRODUCTS_H

#include "mlir/IR/Operation.h"
#include "targets/Machine.h"

namespace dlc {

/// Whether `op` is a sum of products of integers of 8 bits or fewer, or of their differences: of numbers that fit i16,
/// as `dlc.center` has them.
bool multipliesIntegers(mlir::Operation *op);

/// Whether `op` contains such a product.
bool hasIntegerProducts(mlir::Operation *op);

/// The rows of `machines`, the target of a program, that `kernel` has versions for: those for integer products only if
/// it has one, unless there are no others.
llvm::SmallVector<const Machine *> selectMachines(mlir::Operation *kernel, llvm::ArrayRef<const Machine *> machines);

} // namespace dlc

#endif // DLC_ANALYSIS_INTEGERPRODUCTS_H
