// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a kernel kind states of its schedules: parameters with their legal values, and points of that space.
#ifndef DLC_ANALYSIS_SCHEDULESPACE_H
#define DLC_ANALYSIS_SCHEDULESPACE_H

#include "ir/DlcDialect.h"
#include <map>
#include <string>

namespace dlc {

/// Halide counts elements with 32 bits.
constexpr int64_t mostElements = INT32_MAX;
/// Sums that a tile may keep: twice the largest register file. Above it code does nothing but spill.
constexpr int64_t mostAccumulators = 64;

/// A schedule of one kernel: a `#dlc.schedule` without the machine.
struct SchedulePoint {
  std::string algorithm;
  int64_t vector = 1, split = -1, grain = 1;
  std::map<std::string, int64_t, std::less<>> sizes;

  /// The size called `name`, or `otherwise` if there is none.
  int64_t getSize(llvm::StringRef name, int64_t otherwise) const;
  ScheduleAttr toAttribute(mlir::MLIRContext *context, llvm::StringRef machine) const;
  /// Sizes of `schedule` that are not i64 are left out.
  static SchedulePoint fromAttribute(ScheduleAttr schedule);

  bool operator==(const SchedulePoint &other) const {
    return algorithm == other.algorithm && vector == other.vector && split == other.split && grain == other.grain &&
           sizes == other.sizes;
  }
};

/// A size that an algorithm takes, and its legal values.
struct ScheduleParameter {
  llvm::StringRef name;
  int64_t least = 1, most = 1;
  int64_t multipleOf = 1;
  int64_t divides = 0; ///< legal values divide it; 0: they need not divide anything
  bool isOptional = false;
  int64_t block = 0;  ///< legal values divide it or are multiples of it; 0: there are no blocks
  int64_t whole = -1; ///< values from this to `block` need not divide it; -1: all must

  bool allows(int64_t value) const;
  /// All legal values in ascending order.
  llvm::SmallVector<int64_t> getValues() const;
  /// "a multiple of 8 from 8 to 64".
  std::string describe() const;
};

/// A dimension of the result whose ranges may go to different threads.
struct ScheduleSplit {
  int64_t dim;
  int64_t grainMultipleOf = 1; ///< ranges begin at whole tiles
};

/// What an algorithm allows for one kernel and machine. What is legal for a parameter may depend on the lanes and on
/// the parameters before it, and splits on all of them: they are as in a given point.
struct AlgorithmSpace {
  llvm::StringRef algorithm;
  int64_t mostLanes = 1; ///< legal vectors are powers of two up to it
  llvm::SmallVector<ScheduleParameter> parameters;
  llvm::SmallVector<ScheduleSplit> splits;
  bool mustSplit = false; ///< the caller of the kernel gives it ranges
  /// Registers that a tile takes are the product of these parameters and `registerFactor`, divided by the lanes.
  llvm::SmallVector<llvm::StringRef> accumulatorParameters;
  int64_t registerFactor = 1;

  /// Why `point`, which has this algorithm, is not one of the space, and what would be; empty if it is.
  std::string findProblem(const SchedulePoint &point) const;
  /// The same for the registers of its tile alone.
  std::string findTileProblem(const SchedulePoint &point) const;
};

} // namespace dlc

#endif // DLC_ANALYSIS_SCHEDULESPACE_H
