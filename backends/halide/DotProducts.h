// SPDX-License-Identifier: Apache-2.0
/// \file
/// Products with a transposed matrix that is too seldom used to be packed first.
#ifndef DLC_BACKENDS_HALIDE_DOTPRODUCTS_H
#define DLC_BACKENDS_HALIDE_DOTPRODUCTS_H

#include "backends/halide/KernelBuilder.h"

namespace dlc {
class MatMulOp;
} // namespace dlc

namespace dlc::halide {

/// `lhs` (rank 2 or more) times the transpose of the matrix `rhs`, for the algorithm "dots".
mlir::FailureOr<TensorFunc> emitDotProducts(MatMulOp op, KernelBuilder &builder);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_DOTPRODUCTS_H
