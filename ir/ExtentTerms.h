// SPDX-License-Identifier: Apache-2.0
/// \file
/// Extents as sums of terms.
#ifndef DLC_IR_EXTENTTERMS_H
#define DLC_IR_EXTENTTERMS_H

#include "ir/ShapeInference.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc {

/// Calls `visit` for each term of `factor` times `expr`: with an expression that is neither a sum nor a multiple, or
/// null for the number 1, and with its factor. A term may come several times.
inline void visitTerms(mlir::AffineExpr expr, int64_t factor,
                       llvm::function_ref<void(mlir::AffineExpr term, int64_t factor)> visit) {
  if (auto value = llvm::dyn_cast<mlir::AffineConstantExpr>(expr))
    return visit({}, factor * value.getValue());
  auto binary = llvm::dyn_cast<mlir::AffineBinaryOpExpr>(expr);
  if (binary && binary.getKind() == mlir::AffineExprKind::Add) {
    visitTerms(binary.getLHS(), factor, visit);
    return visitTerms(binary.getRHS(), factor, visit);
  }
  if (binary && binary.getKind() == mlir::AffineExprKind::Mul)
    if (std::optional<int64_t> value = constantDim(binary.getRHS()))
      return visitTerms(binary.getLHS(), factor * *value, visit);
  visit(expr, factor);
}

} // namespace dlc

#endif // DLC_IR_EXTENTTERMS_H
