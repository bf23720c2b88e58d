// SPDX-License-Identifier: Apache-2.0
/// \file
/// From the program and its kernels to machine code.
#ifndef DLC_BACKENDS_LLVM_CODEGENERATION_H
#define DLC_BACKENDS_LLVM_CODEGENERATION_H

#include "backends/Backend.h"
#include "backends/llvm/CustomFunctions.h"
#include "backends/llvm/KernelLinking.h"
#include "backends/llvm/ModelDescription.h"
#include "llvm/Passes/OptimizationLevel.h"

namespace dlc {

/// Lowers `module`, a program, to LLVM IR with the model's description, as `backend` does. `module` is in the LLVM
/// dialect afterwards.
mlir::FailureOr<std::unique_ptr<llvm::Module>> translateProgram(mlir::ModuleOp module, llvm::LLVMContext &context,
                                                                const Target &target, const ModelIdentity &identity,
                                                                llvm::ArrayRef<KernelCode> kernels,
                                                                const Backend &backend);

/// Links runtime and kernels into `module` and optimizes it, in the only order that is right: the program with the
/// runtime first, then the kernels, which are optimized already. Afterwards nothing but the model's description is
/// visible, and what `functions` name is not defined; with `forThreadSanitizer`, neither is that sanitizer's runtime.
llvm::Error mergeModel(llvm::Module &module, llvm::ArrayRef<KernelCode> kernels, const Target &target,
                       llvm::ArrayRef<CustomFunction> functions, llvm::StringRef exportedSymbol,
                       bool forThreadSanitizer);

/// Runs LLVM's default passes for -O2, or another level.
void optimize(llvm::Module &module, llvm::TargetMachine &machine,
              llvm::OptimizationLevel level = llvm::OptimizationLevel::O2);

/// Generates an object file or assembly.
llvm::Error emitCode(llvm::Module &module, const Target &target, llvm::CodeGenFileType fileType,
                     llvm::raw_pwrite_stream &stream);

/// A hash of everything that the object file of a model depends on: equal keys, equal bytes.
std::string getObjectKey(const llvm::Module &program, llvm::ArrayRef<KernelCode> kernels, const Target &target,
                         llvm::ArrayRef<CustomFunction> functions, llvm::StringRef compiler, bool forThreadSanitizer);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_CODEGENERATION_H
