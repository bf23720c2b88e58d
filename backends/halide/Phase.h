// SPDX-License-Identifier: Apache-2.0
/// \file
/// The phases of a transposed convolution.
#ifndef DLC_BACKENDS_HALIDE_PHASE_H
#define DLC_BACKENDS_HALIDE_PHASE_H

#include "ir/OpsConvolution.h"

namespace dlc::halide {

/// The results `stride q + phase` of one dimension: `q + base - step j` is the input that tap `stride j + first` meets.
struct Phase {
  int first, base, count, step;
  Phase(ConvTransposeOp op, size_t dim, int phase) {
    int stride = static_cast<int>(op.getStrides()[dim]), pad = static_cast<int>(op.getPads()[dim]);
    int64_t kernel = llvm::cast<mlir::RankedTensorType>(op.getW().getType()).getDimSize(static_cast<unsigned>(dim + 2));
    first = ((phase + pad) % stride + stride) % stride;
    base = (phase + pad - first) / stride;
    count = std::max(0, (static_cast<int>(kernel) - first + stride - 1) / stride);
    step = stride == 1 ? static_cast<int>(op.getDilations()[dim]) : 1;
  }
};

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_PHASE_H
