// SPDX-License-Identifier: Apache-2.0
/// \file
/// What ops require of their operands' extents beyond what types can say: of numbers it is checked when an op is made,
/// of other extents by every run.
#ifndef DLC_IR_EXTENTREQUIREMENTS_H
#define DLC_IR_EXTENTREQUIREMENTS_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/SmallVector.h"

namespace dlc {

/// What has to hold in a run: `extent` is equal to `other` or, if it may be more, at least that.
struct ExtentRequirement {
  mlir::AffineExpr extent, other;
  bool mayBeMore = false;

  bool operator==(const ExtentRequirement &rhs) const {
    return extent == rhs.extent && other == rhs.other && mayBeMore == rhs.mayBeMore;
  }
};

/// While it exists, collects what the shape rules that its thread runs require of extents that are not numbers.
class ExtentRequirements {
public:
  ExtentRequirements();
  ~ExtentRequirements();
  ExtentRequirements(const ExtentRequirements &) = delete;
  ExtentRequirements &operator=(const ExtentRequirements &) = delete;

  llvm::ArrayRef<ExtentRequirement> get() const { return requirements; }

private:
  friend bool requireEqual(mlir::AffineExpr, mlir::AffineExpr);
  friend bool requireAtLeast(mlir::AffineExpr, int64_t);

  llvm::SmallVector<ExtentRequirement> requirements;
  ExtentRequirements *outer; ///< that collects again when this one is gone
};

/// For shape rules: an op requires that the two are equal. False if they are numbers that differ.
bool requireEqual(mlir::AffineExpr extent, mlir::AffineExpr other);

/// For shape rules: an op requires that the extent is at least a number. False if it is a smaller number.
bool requireAtLeast(mlir::AffineExpr extent, int64_t least);

} // namespace dlc

#endif // DLC_IR_EXTENTREQUIREMENTS_H
