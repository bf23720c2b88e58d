// SPDX-License-Identifier: Apache-2.0
/// \file
/// How much memory each step of an entry point needs, and why.
#ifndef DLC_ANALYSIS_MEMORYPROFILE_H
#define DLC_ANALYSIS_MEMORYPROFILE_H

#include "analysis/MemoryPlan.h"

namespace dlc {

/// A tensor of an entry point in the arena.
struct ArenaTensor {
  int64_t bytes = 0;
  Steps definition;
  llvm::SmallVector<std::pair<Steps, mlir::Operation *>> readers; ///< kernels and loops, in order

  /// The last step at which somebody reads or writes it.
  int64_t getLastStep() const { return readers.empty() ? definition.last : readers.back().first.last; }
};

/// What the memory plan of an entry point comes to. All its extents must be known.
class MemoryProfile {
public:
  /// Plans the memory of `entry`.
  static mlir::FailureOr<MemoryProfile> make(mlir::func::FuncOp entry);
  static mlir::FailureOr<MemoryProfile> make(MemoryPlan &plan);

  int64_t getArenaBytes() const { return arenaBytes; }
  /// Bytes that are live at each step.
  llvm::ArrayRef<int64_t> getLiveBytes() const { return live; }
  /// The tensor that `value`, or what it is an alias of, is; null if that is not a tensor in the arena.
  const ArenaTensor *getTensor(mlir::Value value) const;
  /// Notes that `kernels` (in order, `tensor`'s own last) run again as `copies` right before `reader`, so that it and
  /// the readers of `tensor` after it read what the copies compute. Copies belong to the step of `reader`. This is what
  /// a new plan would come to but for kernels that write over their operands; the arena's size stays.
  void computeAgain(mlir::Value tensor, mlir::Operation *reader, llvm::ArrayRef<mlir::Operation *> kernels,
                    llvm::ArrayRef<mlir::Operation *> copies);
  /// Steps of a kernel or loop; null if it is done when the library is loaded.
  const Steps *getSteps(mlir::Operation *op) const;

private:
  void changeLive(int64_t first, int64_t last, int64_t bytes);

  int64_t arenaBytes = 0;
  llvm::SmallVector<int64_t> live;
  llvm::DenseMap<mlir::Value, ArenaTensor> tensors;
  llvm::DenseMap<mlir::Operation *, Steps> steps;
};

} // namespace dlc

#endif // DLC_ANALYSIS_MEMORYPROFILE_H
