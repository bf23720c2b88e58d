// SPDX-License-Identifier: Apache-2.0
/// \file
/// The sign of an extent as an affine expression.
#ifndef DLC_IR_EXTENTSIGN_H
#define DLC_IR_EXTENTSIGN_H

#include "mlir/IR/AffineExpr.h"

namespace dlc {

/// No sum or product of extents that a run accepts is as far from 0.
inline constexpr int64_t beyondExtents = int64_t(1) << 62;

/// -1 where `x` is negative, else 0.
inline mlir::AffineExpr writeSign(mlir::AffineExpr x) { return x.floorDiv(beyondExtents); }

/// max(x, 0).
inline mlir::AffineExpr writeAtLeastZero(mlir::AffineExpr x) { return x * (writeSign(x) + 1); }

} // namespace dlc

#endif // DLC_IR_EXTENTSIGN_H
