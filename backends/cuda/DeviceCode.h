// SPDX-License-Identifier: Apache-2.0
/// \file
/// From LLVM IR for a GPU to PTX, and the functions in it that are written in C++ (backends/cuda/kernels).
#ifndef DLC_BACKENDS_CUDA_DEVICECODE_H
#define DLC_BACKENDS_CUDA_DEVICECODE_H

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include <string>

namespace dlc::cuda {

/// The functions of `name`.cpp of backends/cuda/kernels, of which nothing is read that is not used.
llvm::Expected<std::unique_ptr<llvm::Module>> readKernels(llvm::StringRef name, llvm::LLVMContext &context);

/// The value of a constant integer of `library`.
int64_t readConstant(llvm::Module &library, llvm::StringRef name);

/// A module for a GPU, without functions.
std::unique_ptr<llvm::Module> createDeviceModule(llvm::LLVMContext &context);

/// Gives `function` the form of a kernel for blocks of `threads` threads.
void markAsKernel(llvm::Function &function, unsigned threads);

/// Links what `module` needs of `libraries` to it, optimizes, and generates PTX for `capability` (75 for 7.5) and
/// newer. Fails if a function is called that nothing defines, or that is not part of its caller in the end.
llvm::Expected<std::string> compileToPtx(std::unique_ptr<llvm::Module> module,
                                         std::vector<std::unique_ptr<llvm::Module>> libraries, int64_t capability);

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_DEVICECODE_H
