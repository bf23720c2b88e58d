// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels, compiled elsewhere, on their way into the program's module.
#ifndef DLC_BACKENDS_LLVM_KERNELLINKING_H
#define DLC_BACKENDS_LLVM_KERNELLINKING_H

#include "targets/Machine.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace dlc {

/// One kernel for one machine.
struct KernelCode {
  std::string kernel; ///< the symbol of its `dlc.kernel_func`
  const Machine *machine;
  llvm::StringRef bitcode;  ///< a module that defines `kernel(void *scratch, ...)`
  int64_t scratchBytes = 0; ///< bytes that `scratch` must point to, 64-byte aligned; -1: it is the thread's dlc_scratch
};

/// Scratch that a thread needs for the worst of `kernels`, as dlc_model counts it.
uint64_t getScratchBytes(llvm::ArrayRef<KernelCode> kernels);

/// Gives the declared `NAME.kernel` functions of `module` something to call: the version for this CPU, with scratch
/// memory from the thread's dlc_scratch where a version needs some. The versions themselves stay declarations, so that
/// optimizing the program cannot inline them: Halide tags memory accesses by buffer name, and names of two kernels in
/// one function would "not alias".
void addKernelDispatch(llvm::Module &module, llvm::ArrayRef<KernelCode> kernels);

/// Links the versions into `module`, which is optimized already.
llvm::Error linkKernels(llvm::Module &module, llvm::ArrayRef<KernelCode> kernels);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_KERNELLINKING_H
