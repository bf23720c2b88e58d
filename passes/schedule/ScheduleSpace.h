// SPDX-License-Identifier: Apache-2.0
/// \file
/// The schedules that a kernel may have: what each kernel kind's algorithms take, and what is legal.
#ifndef DLC_PASSES_SCHEDULE_SCHEDULESPACE_H
#define DLC_PASSES_SCHEDULE_SCHEDULESPACE_H

#include "passes/schedule/TileRules.h"
#include <string>

namespace dlc {

/// A size that an algorithm takes, and its legal values.
struct ScheduleParameter {
  llvm::StringRef name;
  int64_t least = 1, most = 1;
  int64_t multipleOf = 1;
  int64_t divides = 0; ///< legal values divide it; 0: they need not divide anything
  bool isOptional = false;
  int64_t block = 0; ///< legal values divide it or are multiples of it; 0: there are no blocks

  bool allows(int64_t value) const;
  /// "a multiple of 8 from 8 to 64".
  std::string describe() const;
};

/// A dimension of the result whose ranges may go to different threads.
struct ScheduleSplit {
  int64_t dim;
  int64_t grainMultipleOf = 1; ///< ranges begin at whole tiles
};

/// What an algorithm allows for one kernel and instruction set, where vectors have the lanes of a given schedule.
struct ScheduleSpace {
  llvm::StringRef algorithm;
  int64_t mostLanes = 1; ///< legal vectors are powers of two up to it
  llvm::SmallVector<ScheduleParameter> parameters;
  llvm::SmallVector<ScheduleSplit> splits;
  bool mustSplit = false; ///< the caller of the kernel gives it ranges
  /// Registers that a tile takes are the product of these parameters and `registerFactor`, divided by the lanes.
  llvm::SmallVector<llvm::StringRef> accumulatorParameters;
  int64_t registerFactor = 1;
};

/// The algorithms of the kernel, each with its space, for vectors and tiles as in `schedule`. The first is the one that
/// `--dlc-tile` takes.
llvm::SmallVector<ScheduleSpace> getScheduleSpaces(const TileSubject &subject, const Machine &processor,
                                                   ScheduleAttr schedule);

/// Whether `schedule` is legal; if not, an error from `emitError` says what is wrong with it and what is legal.
mlir::LogicalResult verifySchedule(const TileSubject &subject, const Machine &processor, ScheduleAttr schedule,
                                   llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_SCHEDULESPACE_H
