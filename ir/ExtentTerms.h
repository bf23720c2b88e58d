// SPDX-License-Identifier: Apache-2.0
/// \file
/// Extents as sums of terms.
#ifndef DLC_IR_EXTENTTERMS_H
#define DLC_IR_EXTENTTERMS_H

#include "ir/ShapeInference.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc {

/// Sums and products modulo 2^64, as integer tensors compute them: what is too large for an extent is rejected where
/// tensors are made.
inline int64_t addWrapped(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
inline int64_t multiplyWrapped(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}

/// Calls `visit` for each term of `factor` times `expr`: with an expression that is neither a sum nor a multiple, or
/// null for the number 1, and with its factor. A term may come several times.
inline void visitTerms(mlir::AffineExpr expr, int64_t factor,
                       llvm::function_ref<void(mlir::AffineExpr term, int64_t factor)> visit) {
  if (auto value = llvm::dyn_cast<mlir::AffineConstantExpr>(expr))
    return visit({}, multiplyWrapped(factor, value.getValue()));
  auto binary = llvm::dyn_cast<mlir::AffineBinaryOpExpr>(expr);
  if (binary && binary.getKind() == mlir::AffineExprKind::Add) {
    visitTerms(binary.getLHS(), factor, visit);
    return visitTerms(binary.getRHS(), factor, visit);
  }
  if (binary && binary.getKind() == mlir::AffineExprKind::Mul)
    if (std::optional<int64_t> value = constantDim(binary.getRHS()))
      return visitTerms(binary.getLHS(), multiplyWrapped(factor, *value), visit);
  visit(expr, factor);
}

} // namespace dlc

#endif // DLC_IR_EXTENTTERMS_H
