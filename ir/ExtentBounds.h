// SPDX-License-Identifier: Apache-2.0
/// \file
/// Bounds of extents that depend on derived symbols, over the symbols that are known when a run starts.
///
/// A derived symbol is an extent that data decides (`dlc.readback`): from 0 to a bound. Memory is planned, and outputs
/// are allocated, by the bounds of expressions of it, before its value is known.
#ifndef DLC_IR_EXTENTBOUNDS_H
#define DLC_IR_EXTENTBOUNDS_H

#include "mlir/IR/AffineExpr.h"
#include "mlir/Support/LLVM.h"

namespace dlc {

/// The largest value of each symbol, by its position: an expression without bounded symbols, null for a symbol that is
/// not derived, and the symbol itself if it has no bound.
using SymbolBounds = llvm::ArrayRef<mlir::AffineExpr>;

/// Whether `expr` depends on a derived symbol.
bool isDerived(mlir::AffineExpr expr, SymbolBounds bounds);

/// The least number that is known to be at least `expr`, whatever values bounded symbols take; `expr` itself if it
/// depends on none. No bounded symbol is left in it.
mlir::AffineExpr boundAbove(mlir::AffineExpr expr, SymbolBounds bounds);
/// The largest number that is known to be at most `expr`.
mlir::AffineExpr boundBelow(mlir::AffineExpr expr, SymbolBounds bounds);

/// Whether `expr` depends on a symbol without bound.
bool isUnbounded(mlir::AffineExpr expr, SymbolBounds bounds);

} // namespace dlc

#endif // DLC_IR_EXTENTBOUNDS_H
