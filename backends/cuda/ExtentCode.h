// SPDX-License-Identifier: Apache-2.0
/// \file
/// Extents and positions as LLVM IR, in the code of a kernel and in what launches it.
#ifndef DLC_BACKENDS_CUDA_EXTENTCODE_H
#define DLC_BACKENDS_CUDA_EXTENTCODE_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/IR/IRBuilder.h"

namespace dlc::cuda {

/// Emits numbers of 32 bits at the insertion point of `builder`.
class ExtentCode {
public:
  /// `symbols` are i32, those of the expressions.
  ExtentCode(llvm::IRBuilder<> &builder, llvm::ArrayRef<llvm::Value *> symbols) : builder(builder), symbols(symbols) {}

  /// `expr`, computed with 64 bits.
  llvm::Value *emit(mlir::AffineExpr expr);

  /// The index of element `position` of a row-major box of `extents`; no extent of the first dimension is needed.
  llvm::SmallVector<llvm::Value *> delinearize(llvm::Value *position, llvm::ArrayRef<mlir::AffineExpr> extents);
  /// The position of the element at `index`.
  llvm::Value *linearize(llvm::ArrayRef<llvm::Value *> index, llvm::ArrayRef<mlir::AffineExpr> extents);

private:
  llvm::Value *emitWide(mlir::AffineExpr expr);
  llvm::Value *floorDivide(llvm::Value *lhs, llvm::Value *rhs);

  llvm::IRBuilder<> &builder;
  llvm::ArrayRef<llvm::Value *> symbols;
};

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_EXTENTCODE_H
