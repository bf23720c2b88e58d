// SPDX-License-Identifier: Apache-2.0
/// \file
/// The part on the host of a kernel that is a product.
#ifndef DLC_BACKENDS_CUDA_LAUNCHSTUB_H
#define DLC_BACKENDS_CUDA_LAUNCHSTUB_H

#include "backends/cuda/Product.h"

namespace dlc::cuda {

struct LaunchStub {
  KernelFuncOp kernel;
  const Product &product;
  int64_t tile;        ///< rows and columns of the result that a block computes
  int64_t sharedBytes; ///< of a block
  /// There is a second entry for operands that do not begin at multiples of 16 bytes.
  bool hasNarrow;

  static constexpr llvm::StringLiteral kernelName = "product", narrowName = "product_narrow";
  static constexpr uint32_t threads = 256;

  /// Bitcode that defines `kernel`, with the signature of all kernels: a launch of an entry of `ptx`.
  std::string write(llvm::StringRef ptx) const;
};

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_LAUNCHSTUB_H
