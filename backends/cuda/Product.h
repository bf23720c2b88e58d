// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels that are a product of matrices, and where their elements are.
#ifndef DLC_BACKENDS_CUDA_PRODUCT_H
#define DLC_BACKENDS_CUDA_PRODUCT_H

#include "backends/cuda/ExtentCode.h"
#include "ir/KernelShapes.h"
#include "ir/OpsProgram.h"
#include "mlir/IR/TypeUtilities.h"

namespace dlc::cuda {

/// out[b, r, c] = sum over k of left[b, r, k] right[b, k, c], with row-major tensors of one type, f32, f16 or bf16: a
/// dlc.matmul, or a convolution or one of its gradients as the product of implicit matrices.
class Product {
public:
  virtual ~Product() = default;

  /// The product that the anchor op of `kernel` is. Null if it is none, with the reason in `why`, a clause such as "its
  /// tensors are packed"; "" for an op that is not a sum of products.
  static std::unique_ptr<Product> match(KernelFuncOp kernel, const KernelShapes &shapes, std::string &why);

  mlir::BlockArgument left, right;
  mlir::Value result;
  mlir::Type getElementType() const { return mlir::getElementTypeOrSelf(left.getType()); }
  mlir::AffineExpr batch, rows, columns, depth;
  /// Terms of one row (column) of an operand are neighbours in memory; else its rows (columns) are.
  bool isLeftByDepth = true, isRightByDepth = false;
  /// Groups of so many neighbours, a power of two, that begin at multiples of it are in the operand or not as a whole.
  int64_t leftGroup = 1, rightGroup = 1;

  /// The position of an element in its operand, of 32 bits; `isInside` is set where some are not in the tensor but 0.
  struct Element {
    llvm::Value *position;
    llvm::Value *isInside = nullptr;
  };
  virtual Element findLeft(llvm::IRBuilder<> &builder, ExtentCode &extents, llvm::Value *batch, llvm::Value *row,
                           llvm::Value *k) = 0;
  virtual Element findRight(llvm::IRBuilder<> &builder, ExtentCode &extents, llvm::Value *batch, llvm::Value *k,
                            llvm::Value *column) = 0;
  struct Index {
    llvm::SmallVector<llvm::Value *> index;
    llvm::Value *isInside = nullptr; ///< set where some elements of the product are not in the result
  };
  /// The index in the op's result.
  virtual Index findResult(llvm::IRBuilder<> &builder, ExtentCode &extents, llvm::Value *batch, llvm::Value *row,
                           llvm::Value *column) = 0;
};

/// Convolutions and their gradients; null with the reason in `why`. Operands have been checked.
std::unique_ptr<Product> matchConvolution(mlir::Operation *op, const KernelShapes &shapes, std::string &why);

/// The largest power of two that divides `extent`, up to what any template reads at once.
int64_t findGroup(mlir::AffineExpr extent);
mlir::AffineExpr multiplyAll(llvm::ArrayRef<mlir::AffineExpr> extents, mlir::MLIRContext *context);

} // namespace dlc::cuda

#endif // DLC_BACKENDS_CUDA_PRODUCT_H
