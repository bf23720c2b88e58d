// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels by the templates for products (backends/cuda/kernels/Product.h), with what follows the product fused.
#ifndef DLC_BACKENDS_CUDA_PRODUCTKERNEL_H
#define DLC_BACKENDS_CUDA_PRODUCTKERNEL_H

#include "ir/MathMode.h"
#include "ir/OpsKernel.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>

namespace dlc::cuda {

/// Compiles `kernel` for GPUs of `capability` (75 for 7.5) and newer. Returns bitcode for the host that defines
/// `kernel`, which calls functions of runtime/device/Launch.h only; nothing if the kernel is not a product of plain
/// tensors of f32, or is followed by ops that kernels/Epilogue.cpp lacks.
llvm::Expected<std::optional<std::string>> compileProductKernel(KernelFuncOp kernel, int64_t capability, MathMode math);

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_PRODUCTKERNEL_H
