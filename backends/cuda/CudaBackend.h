// SPDX-License-Identifier: Apache-2.0
/// \file
/// Libraries for NVIDIA GPUs.
#ifndef DLC_BACKENDS_CUDA_CUDABACKEND_H
#define DLC_BACKENDS_CUDA_CUDABACKEND_H

#include "backends/Backend.h"

namespace dlc {

/// Lets the dlc dialect bring what GPUs make of its ops. A context has one backend.
void registerCudaBackend(mlir::DialectRegistry &registry);

/// Kernels become PTX, which the host program launches, or code of the host between two copies. Tensors are row-major,
/// and a launch computes the whole result.
const Backend &getCudaBackend();

} // namespace dlc

#endif // DLC_BACKENDS_CUDA_CUDABACKEND_H
