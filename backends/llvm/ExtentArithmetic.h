// SPDX-License-Identifier: Apache-2.0
/// \file
/// Extents, strides and sizes as instructions.
#ifndef DLC_BACKENDS_LLVM_EXTENTARITHMETIC_H
#define DLC_BACKENDS_LLVM_EXTENTARITHMETIC_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"

namespace dlc {

/// Emits affine and semi-affine expressions over symbols as i64 arithmetic. What an expression has in common with
/// earlier ones of the same block is emitted once: sizes that are computed from sizes are trees that grow
/// exponentially.
class ExtentArithmetic {
public:
  /// `symbols[i]` is the i64 value of `AffineSymbolExpr` i.
  ExtentArithmetic(mlir::OpBuilder &builder, mlir::Location location, llvm::ArrayRef<mlir::Value> symbols)
      : builder(builder), location(location), symbols(symbols) {}

  /// The value of `expr`, at the builder's insertion point, which is after what was emitted to its block before.
  mlir::Value emit(mlir::AffineExpr expr);
  mlir::Value constant(int64_t value);

  /// From now on every product and sum is watched: the returned i1 of `overflowed` says whether one left 64 bits.
  void watchOverflow() { watches = true; }
  mlir::Value overflowed();

private:
  mlir::Value emitNew(mlir::AffineExpr expr);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value multiply(mlir::Value lhs, mlir::Value rhs);
  mlir::Value floorDivide(mlir::Value lhs, mlir::Value rhs);
  template <typename CheckedOp> mlir::Value emitChecked(mlir::Value lhs, mlir::Value rhs);

  mlir::OpBuilder &builder;
  mlir::Location location;
  llvm::ArrayRef<mlir::Value> symbols;
  bool watches = false;
  mlir::Value overflow;
  mlir::Block *block = nullptr; ///< of the values below
  llvm::DenseMap<mlir::AffineExpr, mlir::Value> emitted;
};

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_EXTENTARITHMETIC_H
