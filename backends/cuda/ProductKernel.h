// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels by the templates for products (backends/cuda/kernels/Product.h), with what follows the product fused.
#ifndef DLC_BACKENDS_CUDA_PRODUCTKERNEL_H
#define DLC_BACKENDS_CUDA_PRODUCTKERNEL_H

#include "backends/cuda/TemplateRoute.h"

namespace dlc::cuda {

/// As findTemplateRoute and compileTemplateKernel, for products.
TemplateRoute findProductRoute(KernelFuncOp kernel, int64_t capability, MathMode math);
llvm::Expected<std::optional<std::string>> compileProductKernel(KernelFuncOp kernel, int64_t capability, MathMode math);

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_PRODUCTKERNEL_H
