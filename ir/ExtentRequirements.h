// SPDX-License-Identifier: Apache-2.0
/// \file
/// What ops require of their operands' extents beyond what types can say: of numbers it is checked when an op is made,
/// of other extents by every run.
#ifndef DLC_IR_EXTENTREQUIREMENTS_H
#define DLC_IR_EXTENTREQUIREMENTS_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/SmallVector.h"

namespace dlc {

/// While it exists, collects the extents that are not numbers and have to be equal by the shape rules that its thread
/// runs.
class ExtentRequirements {
public:
  ExtentRequirements();
  ~ExtentRequirements();
  ExtentRequirements(const ExtentRequirements &) = delete;
  ExtentRequirements &operator=(const ExtentRequirements &) = delete;

  llvm::ArrayRef<std::pair<mlir::AffineExpr, mlir::AffineExpr>> getEqual() const { return equal; }

private:
  friend bool requireEqual(mlir::AffineExpr, mlir::AffineExpr);

  llvm::SmallVector<std::pair<mlir::AffineExpr, mlir::AffineExpr>> equal;
  ExtentRequirements *outer; ///< that collects again when this one is gone
};

/// For shape rules: an op requires that the two are equal. False if they are numbers that differ.
bool requireEqual(mlir::AffineExpr extent, mlir::AffineExpr other);

} // namespace dlc

#endif // DLC_IR_EXTENTREQUIREMENTS_H
