// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels that are a product of matrices, and where their elements are.
#ifndef DLC_BACKENDS_CUDA_PRODUCT_H
#define DLC_BACKENDS_CUDA_PRODUCT_H

#include "backends/cuda/ExtentCode.h"
#include "ir/KernelShapes.h"
#include "ir/OpsKernel.h"

namespace dlc::cuda {

/// out[b, r, c] = sum over k of left[b, r, k] right[b, k, c], with row-major tensors of f32: a dlc.matmul, or a
/// dlc.conv as the product of the weight (rows are its filters) with what the windows see (columns are pixels of all
/// images, the batch is groups).
class Product {
public:
  virtual ~Product() = default;

  /// The product that the anchor op of `kernel` is; null if it is none, or has other operands.
  static std::unique_ptr<Product> match(KernelFuncOp kernel, const KernelShapes &shapes);

  mlir::BlockArgument left, right;
  mlir::Value result;
  mlir::AffineExpr batch, rows, columns, depth;
  /// Terms of one row (column) of an operand are neighbours in memory; else its rows (columns) are.
  bool isLeftByDepth = true, isRightByDepth = false;
  /// Neighbours may be read in fours, if the operand begins at a multiple of 16 bytes.
  bool isLeftInFours = false, isRightInFours = false;

  /// The position of an element in its operand, of 32 bits; `isInside` is set where some are not in the tensor but 0.
  struct Element {
    llvm::Value *position;
    llvm::Value *isInside = nullptr;
  };
  virtual Element findLeft(llvm::IRBuilder<> &builder, ExtentCode &extents, llvm::Value *batch, llvm::Value *row,
                           llvm::Value *k) = 0;
  virtual Element findRight(llvm::IRBuilder<> &builder, ExtentCode &extents, llvm::Value *batch, llvm::Value *k,
                            llvm::Value *column) = 0;
  /// The index in the op's result.
  virtual llvm::SmallVector<llvm::Value *> findResult(llvm::IRBuilder<> &builder, ExtentCode &extents,
                                                      llvm::Value *batch, llvm::Value *row, llvm::Value *column) = 0;
};

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_PRODUCT_H
