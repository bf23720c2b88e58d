// SPDX-License-Identifier: Apache-2.0
/// \file
/// From the program and its kernels to machine code.
#ifndef DLC_BACKENDS_LLVM_CODEGENERATION_H
#define DLC_BACKENDS_LLVM_CODEGENERATION_H

#include "backends/Backend.h"
#include "backends/llvm/CustomFunctions.h"
#include "backends/llvm/KernelLinking.h"
#include "backends/llvm/ModelDescription.h"

namespace dlc {

/// A program in LLVM IR, without a model's description, and what it looks like from outside.
struct TranslatedProgram {
  std::unique_ptr<llvm::Module> module;
  ProgramDescription description;
};

/// Lowers `module`, a program, to LLVM IR, as `backend` does. `module` is in the LLVM dialect afterwards, and its
/// context has to outlive the description.
mlir::FailureOr<TranslatedProgram> translateProgram(mlir::ModuleOp module, llvm::LLVMContext &context,
                                                    const Target &target, const ModelIdentity &identity,
                                                    const Backend &backend);

/// Links `second` into `first`, programs of one library. The names of what it defines and of its kernels, also in
/// `kernels`, get `suffix` first.
llvm::Error joinPrograms(llvm::Module &first, std::unique_ptr<llvm::Module> second, std::vector<KernelCode> &kernels,
                         llvm::StringRef suffix);

/// Links the kernels of all programs into `module` and optimizes it, in the only order that is right: the program
/// first, then the kernels, which are optimized already. Afterwards nothing but the model's description is visible.
/// What `functions` name, the runtime (RuntimeObject.h) and kernels that have object files are not defined.
llvm::Error mergeKernels(llvm::Module &module, llvm::ArrayRef<llvm::ArrayRef<KernelCode>> programs,
                         const Target &target, llvm::ArrayRef<CustomFunction> functions,
                         llvm::StringRef exportedSymbol);

/// A hash of everything that the object file of `mergeKernels` depends on: equal keys, equal bytes.
std::string getObjectKey(const llvm::Module &program, llvm::ArrayRef<llvm::ArrayRef<KernelCode>> programs,
                         const Target &target, llvm::ArrayRef<CustomFunction> functions, llvm::StringRef compiler);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_CODEGENERATION_H
