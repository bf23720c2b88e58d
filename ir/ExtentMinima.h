// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sums of extents as minima and maxima.
///
/// `minimumExtent` writes the minimum of a and b as a - max(a - b, 0), so that a sum of minima is a sum of terms in
/// which nothing says which terms belong together. Taken apart again, each can be bounded by itself, and what a minimum
/// has twice cancels.
#ifndef DLC_IR_EXTENTMINIMA_H
#define DLC_IR_EXTENTMINIMA_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/SmallVector.h"

namespace dlc {

/// `times` the minimum, or the maximum, of two extents; `times` is positive.
struct ExtentChoice {
  bool isMaximum;
  int64_t times;
  mlir::AffineExpr first, second;
};

/// A sum of minima and maxima and of what is in none of them. Only choices between extents of which the sum has terms
/// are taken apart: max(x, 0) alone remains a term.
struct ExtentChoices {
  llvm::SmallVector<ExtentChoice> choices;
  /// The terms that are left, with their factors; none is 0.
  llvm::SmallVector<std::pair<mlir::AffineExpr, int64_t>> terms;
  int64_t number = 0;
};

/// Takes a sum apart. Of a minimum of a minimum, the outer one is a choice, and the inner one is in one of its extents.
ExtentChoices splitChoices(mlir::AffineExpr sum);

} // namespace dlc

#endif // DLC_IR_EXTENTMINIMA_H
