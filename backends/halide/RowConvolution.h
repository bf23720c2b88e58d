// SPDX-License-Identifier: Apache-2.0
/// \file
/// Convolutions in vectors along the rows of images.
#ifndef DLC_BACKENDS_HALIDE_ROWCONVOLUTION_H
#define DLC_BACKENDS_HALIDE_ROWCONVOLUTION_H

#include "backends/halide/KernelBuilder.h"

namespace dlc {
class ConvOp;
class ConvTransposeOp;
} // namespace dlc

namespace dlc::halide {

/// `op` of row-major tensors, the anchor op, for the algorithm "rows".
mlir::FailureOr<TensorFunc> emitRowConvolution(ConvOp op, KernelBuilder &builder);
mlir::FailureOr<TensorFunc> emitRowConvolution(ConvTransposeOp op, KernelBuilder &builder);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_ROWCONVOLUTION_H
