// SPDX-License-Identifier: Apache-2.0
/// \file
/// Arithmetic on extents that is more than affine: minimum, comparison, choice.
///
/// All of it is written in affine and semi-affine expressions, so that whatever reads extents (shape inference, memory
/// plans, launches, kernels) needs no other kind of expression: `x floordiv 2^62` is -1 where x is negative and 0
/// elsewhere, for all |x| <= 2^62, and max(x, 0) is x * (1 + x floordiv 2^62). Truth values are 0 and 1. Sums are
/// normalized (terms in one order, equal ones collected), so that equal extents mostly are the same expression.
#ifndef DLC_IR_EXTENTALGEBRA_H
#define DLC_IR_EXTENTALGEBRA_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/Support/LLVM.h"
#include <optional>

namespace dlc {

/// What an expression can be where its symbols are extents, 0 to 2^31 - 1; at most +-2^62.
struct ExtentRange {
  int64_t low, high;
};
ExtentRange getExtentRange(mlir::AffineExpr expr);

/// The same value with sums in their normal form.
mlir::AffineExpr normalizeExtent(mlir::AffineExpr expr);

mlir::AffineExpr addExtents(mlir::AffineExpr a, mlir::AffineExpr b);
mlir::AffineExpr subtractExtents(mlir::AffineExpr a, mlir::AffineExpr b);
mlir::AffineExpr multiplyExtents(mlir::AffineExpr a, mlir::AffineExpr b);
/// Quotient rounded down; 0 divided by 0 is 0. `b` is not negative.
mlir::AffineExpr divideExtents(mlir::AffineExpr a, mlir::AffineExpr b);
/// Quotient rounded up.
mlir::AffineExpr divideExtentsUp(mlir::AffineExpr a, mlir::AffineExpr b);
/// Quotient rounded toward 0, as integer division of ONNX and C does.
mlir::AffineExpr truncateQuotient(mlir::AffineExpr a, mlir::AffineExpr b);
/// The rest of division rounded down, which has the sign of `b`. `b` is not negative.
mlir::AffineExpr getRemainder(mlir::AffineExpr a, mlir::AffineExpr b);

/// max(x, 0).
mlir::AffineExpr atLeastZero(mlir::AffineExpr x);
mlir::AffineExpr minimumExtent(mlir::AffineExpr a, mlir::AffineExpr b);
mlir::AffineExpr maximumExtent(mlir::AffineExpr a, mlir::AffineExpr b);

mlir::AffineExpr isLessExtent(mlir::AffineExpr a, mlir::AffineExpr b);
mlir::AffineExpr isEqualExtent(mlir::AffineExpr a, mlir::AffineExpr b);
/// `a` where the truth value `condition` is 1, else `b`.
mlir::AffineExpr chooseExtent(mlir::AffineExpr condition, mlir::AffineExpr a, mlir::AffineExpr b);

/// x if `expr` is max(x, 0) as `atLeastZero` writes it; null otherwise.
mlir::AffineExpr matchAtLeastZero(mlir::AffineExpr expr);
/// x if `expr` is -1 where x is negative and 0 elsewhere; null otherwise.
mlir::AffineExpr matchSign(mlir::AffineExpr expr);

} // namespace dlc

#endif // DLC_IR_EXTENTALGEBRA_H
