// SPDX-License-Identifier: Apache-2.0
/// \file
/// Elementwise ops after a product, in the code of its kernel.
#ifndef DLC_BACKENDS_CUDA_EPILOGUE_H
#define DLC_BACKENDS_CUDA_EPILOGUE_H

#include "backends/cuda/ExtentCode.h"
#include "ir/KernelShapes.h"
#include "ir/OpsProgram.h"
#include "llvm/IR/Module.h"

namespace dlc::cuda {

/// Emits one element of the tensors of a kernel's body at `index`, of the result.
class Epilogue {
public:
  /// The address of the element of an operand of the kernel at a position.
  using AddressFinder = llvm::function_ref<llvm::Value *(unsigned operand, llvm::Value *position)>;

  Epilogue(llvm::IRBuilder<> &builder, llvm::Module &module, ExtentCode &extents, const KernelShapes &shapes,
           llvm::ArrayRef<llvm::Value *> index, AddressFinder getAddress)
      : builder(builder), module(module), extents(extents), shapes(shapes), index(index), getAddress(getAddress) {}

  /// What follows `product` in `kernel` and is not elementwise in f32, f16 or bf16, or has no function in `library`;
  /// null if there is no such op.
  static mlir::Operation *findUnknown(KernelFuncOp kernel, mlir::Value product, const KernelShapes &shapes,
                                      const llvm::Module &library);

  /// Every value is in f32 and rounded to its own type.
  void setValue(mlir::Value value, llvm::Value *element) { elements[value] = roundTo(value.getType(), element); }
  llvm::Value *emit(mlir::Value value);
  /// LLVM's type for elements of a tensor in memory.
  static llvm::Type *getStoredType(llvm::LLVMContext &context, mlir::Type tensor);

private:
  llvm::Value *emitNew(mlir::Value value);
  llvm::Value *roundTo(mlir::Type tensor, llvm::Value *element);
  llvm::Value *call(mlir::Operation *op, llvm::SmallVector<llvm::Value *> operands);

  llvm::IRBuilder<> &builder;
  llvm::Module &module;
  ExtentCode &extents;
  const KernelShapes &shapes;
  llvm::ArrayRef<llvm::Value *> index;
  AddressFinder getAddress;
  llvm::DenseMap<mlir::Value, llvm::Value *> elements;
};

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_EPILOGUE_H
