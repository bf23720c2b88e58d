// SPDX-License-Identifier: Apache-2.0
/// \file
/// What ops of constants compute.
#ifndef DLC_PASSES_GRAPH_FOLDCONSTANTS_H
#define DLC_PASSES_GRAPH_FOLDCONSTANTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"
#include <vector>

namespace dlc {

/// The result of `op`, of any size, if its operands are constants and it is a reshape (which shares their memory),
/// arithmetic in f32 or f64, a cast from a floating-point type to another, or a dequantization of i32. Fails for all
/// else.
mlir::FailureOr<mlir::ElementsAttr> computeConstant(mlir::Operation *op);

/// The elements, row-major, of an elementwise op of constants: `evaluate` of its operands' elements. Fails if an
/// operand is not a constant.
mlir::FailureOr<std::vector<double>> evaluateConstants(mlir::Operation *op,
                                                       llvm::function_ref<double(llvm::ArrayRef<double>)> evaluate);

} // namespace dlc

#endif // DLC_PASSES_GRAPH_FOLDCONSTANTS_H
