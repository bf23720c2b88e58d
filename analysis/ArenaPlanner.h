// SPDX-License-Identifier: Apache-2.0
/// \file
/// Offsets of buffers in one arena.
#ifndef DLC_ANALYSIS_ARENAPLANNER_H
#define DLC_ANALYSIS_ARENAPLANNER_H

#include "ir/ShapeInference.h"

namespace dlc {

/// A buffer that lives from step `first` to step `last`, both included.
struct ArenaBuffer {
  int64_t first = 0, last = 0;
  mlir::AffineExpr bytes;
};

struct ArenaPlan {
  llvm::SmallVector<mlir::AffineExpr> offsets; ///< bytes, one per buffer, each a multiple of 64
  mlir::AffineExpr bytes;                      ///< of the whole arena
};

/// Places `buffers` so that those whose lives overlap do not share memory (with `shareMemory` false: none do).
///
/// Sizes are products of a constant and of extents that are known at run time only. Buffers that agree in the latter
/// share a region, inside which they are placed greedily by size (the largest first, each at the lowest offset that
/// is free during its lifetime); regions follow one another. With one symbol, such as the batch, that is one region
/// that scales with it.
ArenaPlan planArena(llvm::ArrayRef<ArenaBuffer> buffers, bool shareMemory, mlir::MLIRContext *context);

/// The sum of the buffers that live at each step, in bytes. Symbols count as `symbolValue`.
llvm::SmallVector<int64_t> getLiveBytesOfSteps(llvm::ArrayRef<ArenaBuffer> buffers, int64_t symbolValue = 1);

/// The largest of these sums: no plan needs less.
int64_t getLiveBytes(llvm::ArrayRef<ArenaBuffer> buffers, int64_t symbolValue = 1);

/// `expr` with every symbol replaced by `symbolValue`.
int64_t evaluate(mlir::AffineExpr expr, int64_t symbolValue);

} // namespace dlc

#endif // DLC_ANALYSIS_ARENAPLANNER_H
