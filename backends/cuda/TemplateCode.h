// SPDX-License-Identifier: Apache-2.0
/// \file
/// The functions of a kernel that a template of backends/cuda/kernels calls, as LLVM IR.
#ifndef DLC_BACKENDS_CUDA_TEMPLATECODE_H
#define DLC_BACKENDS_CUDA_TEMPLATECODE_H

#include "backends/cuda/ExtentCode.h"
#include "ir/OpsProgram.h"
#include "llvm/IR/Module.h"

namespace dlc::cuda {

/// Writes functions whose first parameter is the template's `context`: memory that the optimizer removes, with the
/// addresses of all tensors, then the symbols.
class TemplateCode {
public:
  TemplateCode(llvm::Module &module, KernelFuncOp kernel);

  /// The entry: every tensor and symbol, in the order of the launch. Calls the function `instance` with the context and
  /// what `listArguments` gives.
  void writeEntry(llvm::StringRef name, unsigned threads, llvm::StringRef instance,
                  llvm::function_ref<llvm::SmallVector<llvm::Value *>(ExtentCode &)> listArguments);

protected:
  /// Begins a function, which has `parameters` after the context.
  llvm::Function *begin(llvm::StringRef name, llvm::Type *result, llvm::ArrayRef<llvm::Type *> parameters);
  /// The element of a tensor, for the function that `begin` began.
  llvm::Value *elementAt(unsigned tensor, llvm::Type *element, llvm::Value *position);

  /// The number of the result among the tensors.
  unsigned getResult() const { return tensors - 1; }

  llvm::Module &module;
  llvm::IRBuilder<> builder;
  KernelFuncOp kernel;
  llvm::SmallVector<llvm::Value *> symbols; ///< of the function that was begun last

private:
  llvm::SmallVector<llvm::Type *> fields;
  unsigned tensors;
  llvm::StructType *context;
};

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_TEMPLATECODE_H
