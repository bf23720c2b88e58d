// SPDX-License-Identifier: Apache-2.0
/// \file
/// Convolutions with 3 x 3 kernels and stride 1 by Winograd's algorithm F(m x m, 3 x 3), m = 2 or 4.
#ifndef DLC_BACKENDS_HALIDE_WINOGRADCONVOLUTION_H
#define DLC_BACKENDS_HALIDE_WINOGRADCONVOLUTION_H

#include "backends/halide/KernelBuilder.h"

namespace dlc {
class PackOp;
} // namespace dlc

namespace dlc::halide {

/// A convolution, or a transposed one, whose weight has a Winograd layout.
mlir::FailureOr<TensorFunc> emitWinograd(mlir::Operation *op, KernelBuilder &builder);
mlir::LogicalResult scheduleWinograd(KernelBuilder &builder);
/// The packing that transforms weights.
mlir::FailureOr<TensorFunc> emitWinogradWeights(PackOp op, KernelBuilder &builder);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_WINOGRADCONVOLUTION_H
