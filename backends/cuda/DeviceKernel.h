// SPDX-License-Identifier: Apache-2.0
/// \file
/// From what Halide emits for CUDA to what the host program links.
#ifndef DLC_BACKENDS_CUDA_DEVICEKERNEL_H
#define DLC_BACKENDS_CUDA_DEVICEKERNEL_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace dlc::cuda {

/// Makes the host part of a pipeline call dlc's runtime instead of Halide's: `halidesBitcode` defines `kernel`, which
/// computes sizes and launches, and holds the PTX of the launches as a constant. Returns bitcode that calls functions
/// of runtime/device/Launch.h only. Fails if the pipeline needs more: memory on the host, tables of its own, or
/// functions that PTX lacks.
llvm::Expected<std::string> bindDeviceKernel(llvm::StringRef halidesBitcode);

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_DEVICEKERNEL_H
