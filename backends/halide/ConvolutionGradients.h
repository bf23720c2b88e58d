// SPDX-License-Identifier: Apache-2.0
/// \file
/// Emitters of convolutions' gradients, with schedules of their own where those of the kernel kind do not fit.
#ifndef DLC_BACKENDS_HALIDE_CONVOLUTIONGRADIENTS_H
#define DLC_BACKENDS_HALIDE_CONVOLUTIONGRADIENTS_H

#include "backends/halide/KernelBuilder.h"

namespace dlc {
class ConvTransposeOp;
class ConvWeightGradientOp;
} // namespace dlc

namespace dlc::halide {

mlir::FailureOr<TensorFunc> emitConvTranspose(ConvTransposeOp op, KernelBuilder &builder);
mlir::FailureOr<TensorFunc> emitConvWeightGradient(ConvWeightGradientOp op, KernelBuilder &builder);
/// For schedules of the algorithm "winograd".
mlir::FailureOr<TensorFunc> emitWinogradWeightGradient(ConvWeightGradientOp op, KernelBuilder &builder);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_CONVOLUTIONGRADIENTS_H
