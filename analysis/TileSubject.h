// SPDX-License-Identifier: Apache-2.0
/// \file
/// A kernel as schedules see it.
#ifndef DLC_ANALYSIS_TILESUBJECT_H
#define DLC_ANALYSIS_TILESUBJECT_H

#include "analysis/CollapsedSpace.h"

namespace dlc {

/// The parts of a kernel that rules look at, in the space that its schedules refer to.
class TileSubject {
public:
  /// `collapsed`: the space that is left after merging; none: the kernel's own dimensions.
  explicit TileSubject(KernelLikeOpInterface kernel, std::optional<CollapsedSpace> collapsed = std::nullopt);

  /// The kernel in the space that its attribute `dlc.collapse` records; fails with an error from `emitError` if it
  /// cannot have this space.
  static mlir::FailureOr<TileSubject> read(KernelLikeOpInterface kernel,
                                           llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

  /// The type of a tensor of the kernel's body.
  mlir::RankedTensorType getType(mlir::Value value) const;
  /// The dimensions of the anchor op's operand that it computes totals or statistics over. Empty if it has none.
  llvm::SmallVector<int64_t> getTotalledDims() const;

  mlir::Block *body;
  mlir::Operation *anchorOp;     ///< null: the kernel copies
  mlir::RankedTensorType result; ///< what the kernel stores
  KernelKind kind;
  int64_t packedBytes = 0; ///< of all packed weights that the kernel's function reads
  int64_t rowRange; ///< > 0: ranges of so many rows (dimension 0 of the result) are computed apart from each other

private:
  std::optional<CollapsedSpace> collapsed;
};

} // namespace dlc

#endif // DLC_ANALYSIS_TILESUBJECT_H
