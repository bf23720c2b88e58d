// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels by the templates for products (backends/cuda/kernels/Product.h), with what follows the product fused.
#ifndef DLC_BACKENDS_CUDA_PRODUCTKERNEL_H
#define DLC_BACKENDS_CUDA_PRODUCTKERNEL_H

#include "ir/MathMode.h"
#include "ir/OpsProgram.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <string>

namespace dlc::cuda {

/// How a kernel is computed on a GPU.
struct ProductRoute {
  /// The template for the kernel, described for a report; "": there is none.
  std::string name;
  /// Why a sum of products has no template, a clause; "" for other kernels.
  std::string obstacle;
};
ProductRoute findProductRoute(KernelFuncOp kernel, int64_t capability, MathMode math);

/// Compiles `kernel` for GPUs of `capability` (75 for 7.5) and newer. Returns bitcode for the host that defines
/// `kernel`, which calls functions of runtime/device/Launch.h only; nothing if there is no template for it.
llvm::Expected<std::optional<std::string>> compileProductKernel(KernelFuncOp kernel, int64_t capability, MathMode math);

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_PRODUCTKERNEL_H
