// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels, compiled elsewhere, on their way into the program's module.
#ifndef DLC_BACKENDS_LLVM_KERNELLINKING_H
#define DLC_BACKENDS_LLVM_KERNELLINKING_H

#include "backends/KernelCode.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace dlc {

/// The function that `code` is in a library.
std::string getVersionSymbol(const KernelCode &code);

/// Scratch that a thread needs for the worst of `kernels`, as dlc_model counts it.
uint64_t getScratchBytes(llvm::ArrayRef<KernelCode> kernels);

/// Gives the declared `NAME.kernel` functions of `module` something to call: the version for this CPU, with scratch
/// memory from the thread's dlc_scratch where a version needs some. The versions themselves stay declarations, so that
/// optimizing the program cannot inline them: Halide tags memory accesses by buffer name, and names of two kernels in
/// one function would "not alias".
void addKernelDispatch(llvm::Module &module, llvm::ArrayRef<KernelCode> kernels);

/// Prepares a kernel's module for being linked with others of one target: nothing but the kernel, as `symbol`, is
/// visible, there is no alias information by buffer name, and NaN and infinity are values like others.
void prepareForLinking(llvm::Module &kernelModule, const llvm::Triple &triple, const llvm::DataLayout &layout,
                       llvm::StringRef symbol);

/// Links the versions into `module`, which is optimized already. Those that are object files stay declarations.
llvm::Error linkKernels(llvm::Module &module, llvm::ArrayRef<KernelCode> kernels);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_KERNELLINKING_H
