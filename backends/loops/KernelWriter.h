// SPDX-License-Identifier: Apache-2.0
/// \file
/// Writes the function of one kernel of loops.
#ifndef DLC_BACKENDS_LOOPS_KERNELWRITER_H
#define DLC_BACKENDS_LOOPS_KERNELWRITER_H

#include "backends/loops/LoopBody.h"
#include "ir/KernelShapes.h"
#include "ir/OpsProgram.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace dlc::loops {

/// Writes two functions to `module`: `kernel`, with the signature of all kernels, reads where tensors are and which
/// part of the result is to be computed, and calls `body`, which takes plain pointers. That of the result is to memory
/// of its own there, so that LLVM forms vectors.
class KernelWriter final : public LoopBody {
public:
  KernelWriter(mlir::ImplicitLocOpBuilder &builder, mlir::ModuleOp module, KernelFuncOp kernel,
               const KernelShapes &shapes, ScheduleAttr schedule, bool checkBounds);

  /// Fails, with a diagnostic, if the kernel has other ops or layouts than loops take.
  mlir::LogicalResult write();

  LoopTensor getOperand(unsigned number) override;
  LoopTensor getResult(unsigned number) override { return results[number]; }
  mlir::Value getScratch() override { return function.getArgument(0); }
  void setStatus(mlir::Value status) override { this->status = status; }
  LoopTensor allocate(mlir::Type elementType, llvm::ArrayRef<Scalar> extents) override;
  void forDim(int64_t dim, llvm::function_ref<void(Scalar)> step) override;
  Scalar checkIndex(Scalar index, Scalar extent) override;

private:
  void writeEntry();
  mlir::LogicalResult writeBody(mlir::Operation *op);
  /// The position, among those of `value` in memory, of the dimension that threads share: -1 if there is none.
  int64_t findSplitDim(mlir::Value value) const;
  mlir::FailureOr<LoopTensor> describe(mlir::Value value, mlir::Value host);
  mlir::Value toMemRef(mlir::Value address, mlir::Type elementType);
  LoopTensor makeConstant(mlir::Value operand, mlir::Attribute element);

  mlir::Value at(mlir::Value base, int64_t bytes);
  mlir::Value createStatus(int32_t status);
  Scalar toScalar(mlir::AffineExpr expr);
  llvm::SmallVector<Scalar> getExtents(mlir::Value value);
  mlir::LLVM::LLVMFuncOp declare(llvm::StringRef name, mlir::Type resultType, llvm::ArrayRef<mlir::Type> arguments);
  mlir::LLVM::LLVMFuncOp getAllocate();
  /// Gives back what has been allocated so far.
  void release();

  mlir::ModuleOp module;
  KernelFuncOp kernel;
  const KernelShapes &shapes;
  ScheduleAttr schedule;
  bool checkBounds;
  mlir::Type pointer;
  mlir::func::FuncOp function; ///< `body`: scratch, hosts of inputs and of results, the range, symbols
  mlir::Operation *anchor = nullptr;
  llvm::SmallVector<mlir::Value> symbols, allocations;
  llvm::DenseMap<mlir::Value, LoopTensor> tensors;
  llvm::SmallVector<LoopTensor> results;
  mlir::Value status;          ///< null: it is 0
  Scalar rangeBegin, rangeEnd; ///< of dimension `split` of results
  std::optional<Variable> violations;
};

} // namespace dlc::loops

#endif // DLC_BACKENDS_LOOPS_KERNELWRITER_H
