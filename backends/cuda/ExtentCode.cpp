// SPDX-License-Identifier: Apache-2.0
#include "backends/cuda/ExtentCode.h"

using llvm::Value;
using mlir::AffineExpr;
using mlir::AffineExprKind;

namespace dlc::cuda {

Value *ExtentCode::emit(AffineExpr expr) { return builder.CreateTrunc(emitWide(expr), builder.getInt32Ty()); }

/// Rounds toward minus infinity, as affine expressions do; divisors are positive.
Value *ExtentCode::floorDivide(Value *lhs, Value *rhs) {
  Value *rest = builder.CreateSRem(lhs, rhs);
  Value *isBelow = builder.CreateICmpSLT(rest, builder.getInt64(0));
  return builder.CreateSub(builder.CreateSDiv(lhs, rhs), builder.CreateZExt(isBelow, builder.getInt64Ty()));
}

Value *ExtentCode::emitWide(AffineExpr expr) {
  if (auto number = llvm::dyn_cast<mlir::AffineConstantExpr>(expr))
    return builder.getInt64(static_cast<uint64_t>(number.getValue()));
  if (auto symbol = llvm::dyn_cast<mlir::AffineSymbolExpr>(expr))
    return builder.CreateSExt(symbols[symbol.getPosition()], builder.getInt64Ty());
  auto binary = llvm::cast<mlir::AffineBinaryOpExpr>(expr);
  Value *lhs = emitWide(binary.getLHS()), *rhs = emitWide(binary.getRHS());
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return builder.CreateAdd(lhs, rhs);
  case AffineExprKind::Mul:
    return builder.CreateMul(lhs, rhs);
  case AffineExprKind::FloorDiv:
    return floorDivide(lhs, rhs);
  case AffineExprKind::CeilDiv:
    return builder.CreateNeg(floorDivide(builder.CreateNeg(lhs), rhs));
  case AffineExprKind::Mod:
    return builder.CreateSub(lhs, builder.CreateMul(floorDivide(lhs, rhs), rhs));
  default:
    llvm_unreachable("extents have no dimensions, only symbols");
  }
}

llvm::SmallVector<Value *> ExtentCode::delinearize(Value *position, llvm::ArrayRef<AffineExpr> extents) {
  llvm::SmallVector<Value *> index(extents.size());
  for (size_t dim = extents.size(); dim-- > 1;) {
    Value *extent = emit(extents[dim]);
    index[dim] = builder.CreateURem(position, extent);
    position = builder.CreateUDiv(position, extent);
  }
  if (!extents.empty())
    index[0] = position;
  return index;
}

Value *ExtentCode::linearize(llvm::ArrayRef<Value *> index, llvm::ArrayRef<AffineExpr> extents) {
  Value *position = builder.getInt32(0);
  for (auto [at, extent] : llvm::zip_equal(index, extents))
    position = builder.CreateAdd(builder.CreateMul(position, emit(extent)), at);
  return position;
}

} // namespace dlc::cuda
