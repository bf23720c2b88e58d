// SPDX-License-Identifier: Apache-2.0
/// \file
/// What ops of constants compute.
#ifndef DLC_PASSES_GRAPH_FOLDCONSTANTS_H
#define DLC_PASSES_GRAPH_FOLDCONSTANTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace dlc {

/// The result of `op`, of any size, if its operands are constants and it is a reshape (which shares their memory),
/// arithmetic in f32 or f64, or a cast from a floating-point type to another. Fails for all else.
mlir::FailureOr<mlir::ElementsAttr> computeConstant(mlir::Operation *op);

} // namespace dlc

#endif // DLC_PASSES_GRAPH_FOLDCONSTANTS_H
