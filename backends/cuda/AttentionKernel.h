// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels by the template for attention (backends/cuda/kernels/Attention.h).
#ifndef DLC_BACKENDS_CUDA_ATTENTIONKERNEL_H
#define DLC_BACKENDS_CUDA_ATTENTIONKERNEL_H

#include "backends/cuda/TemplateRoute.h"

namespace dlc::cuda {

/// As findTemplateRoute and compileTemplateKernel, for attention.
TemplateRoute findAttentionRoute(KernelFuncOp kernel, int64_t capability, MathMode math);
llvm::Expected<std::optional<std::string>> compileAttentionKernel(KernelFuncOp kernel, int64_t capability,
                                                                  MathMode math);

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_ATTENTIONKERNEL_H
