// SPDX-License-Identifier: Apache-2.0
/// \file
/// The rules of `--dlc-tile`: one function per kernel kind.
#ifndef DLC_PASSES_SCHEDULE_TILERULES_H
#define DLC_PASSES_SCHEDULE_TILERULES_H

#include "analysis/CollapsedSpace.h"
#include "targets/Machine.h"

namespace dlc {

/// The parts of a `dlc.kernel` or `dlc.kernel_func` that rules look at, in the space that its schedules refer to.
class TileSubject {
public:
  /// `collapsed`: the space that is left after merging; none: the kernel's own dimensions.
  explicit TileSubject(mlir::Operation *kernel, std::optional<CollapsedSpace> collapsed = std::nullopt);

  /// The kernel in the space that its attribute `dlc.collapse` records; fails with an error from `emitError` if it
  /// cannot have this space.
  static mlir::FailureOr<TileSubject> read(mlir::Operation *kernel,
                                           llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

  /// The type of a tensor of the kernel's body.
  mlir::RankedTensorType getType(mlir::Value value) const;
  /// The dimensions of the anchor op's operand that it computes totals or statistics over. Empty if it has none.
  llvm::SmallVector<int64_t> getTotalledDims() const;

  mlir::Operation *rootOp;       ///< null: the kernel copies
  mlir::RankedTensorType result; ///< what the kernel stores
  KernelRoot root;
  int64_t rowRange; ///< > 0: ranges of so many rows (dimension 0 of the result) are computed apart from each other

private:
  std::optional<CollapsedSpace> collapsed;
};

/// The schedule of a kernel anchored by a convolution. A dimension to split is chosen once for all instruction sets.
ScheduleAttr tileConvolution(const TileSubject &subject, const Machine &processor);
ScheduleAttr tileContraction(const TileSubject &subject, const Machine &processor);
/// A cell's step: gates unrolled, units in register tiles.
ScheduleAttr tileRecurrent(const TileSubject &subject, const Machine &processor);
/// Elementwise ops, movements and windows: rows of vectors.
ScheduleAttr tileRows(const TileSubject &subject, const Machine &processor);
ScheduleAttr tileReduction(const TileSubject &subject, const Machine &processor);
ScheduleAttr tileNormalization(const TileSubject &subject, const Machine &processor);
ScheduleAttr tileAttention(const TileSubject &subject, const Machine &processor);

/// Whether ranges of dimension `dim` of the result can be computed apart from each other by a kernel without register
/// tiles (a reduction, a normalization, or rows).
bool canSplitRows(const TileSubject &subject, int64_t dim);

/// The schedule by the rule of the subject's kernel kind.
ScheduleAttr tileKernel(const TileSubject &subject, const Machine &processor);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_TILERULES_H
