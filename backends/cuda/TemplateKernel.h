// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels by the templates of backends/cuda/kernels.
#ifndef DLC_BACKENDS_CUDA_TEMPLATEKERNEL_H
#define DLC_BACKENDS_CUDA_TEMPLATEKERNEL_H

#include "backends/cuda/TemplateRoute.h"

namespace dlc::cuda {

TemplateRoute findTemplateRoute(KernelFuncOp kernel, int64_t capability, MathMode math);

/// Compiles `kernel` for GPUs of `capability` (75 for 7.5) and newer. Returns bitcode for the host that defines
/// `kernel`, which calls functions of runtime/device/Launch.h only; nothing if there is no template for it.
llvm::Expected<std::optional<std::string>> compileTemplateKernel(KernelFuncOp kernel, int64_t capability,
                                                                 MathMode math);

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_TEMPLATEKERNEL_H
