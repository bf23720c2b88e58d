// SPDX-License-Identifier: Apache-2.0
/// \file
/// The rules of `--dlc-tile`: one function per kernel kind.
#ifndef DLC_PASSES_SCHEDULE_TILERULES_H
#define DLC_PASSES_SCHEDULE_TILERULES_H

#include "ir/DlcDialect.h"
#include "targets/Machine.h"

namespace dlc {

/// The parts of a `dlc.kernel` or `dlc.kernel_func` that rules look at.
struct TileSubject {
  mlir::Operation *rootOp;       ///< null: the kernel copies
  mlir::RankedTensorType result; ///< what the kernel stores
  KernelRoot root;
  int64_t rowRange = 0; ///< > 0: ranges of so many rows (dimension 0 of the result) are computed apart from each other
};

/// Physical dimensions of `type` from innermost to outermost, as logical ones.
llvm::SmallVector<int64_t> getDimsInnermostFirst(mlir::RankedTensorType type);

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
