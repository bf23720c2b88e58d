// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels that no device code exists for: they run on the host, between copies.
#ifndef DLC_BACKENDS_CUDA_HOSTKERNEL_H
#define DLC_BACKENDS_CUDA_HOSTKERNEL_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace dlc::cuda {

/// A function `kernel` of the same signature around the one of `bitcode`, a finished kernel for the host with
/// `scratchBytes` bytes of scratch (-1: it allocates itself). Its buffers are on the device: it copies all of them to
/// the host before, and the last `results` of them back. The first parameter is the thread's dlc_scratch.
llvm::Expected<std::string> copyAroundKernel(llvm::StringRef bitcode, int64_t scratchBytes, unsigned results);

/// Whether `bitcode` is what copyAroundKernel made.
bool isCopiedAround(llvm::StringRef bitcode);

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_HOSTKERNEL_H
