// SPDX-License-Identifier: Apache-2.0
/// \file
/// The schedules of one kernel on one machine: what is legal, and the compiler's choice. A backend states both in one
/// place for each kernel kind, a class that implements this interface: `--dlc-tile` takes the choice,
/// `--dlc-verify-schedules` asks what is legal, and `dlc-tune` searches.
#ifndef DLC_ANALYSIS_KERNELSCHEDULES_H
#define DLC_ANALYSIS_KERNELSCHEDULES_H

#include "analysis/ScheduleSpace.h"
#include "analysis/TileSubject.h"
#include "targets/Machine.h"
#include <memory>

namespace dlc {

class KernelSchedules {
public:
  KernelSchedules(const TileSubject &subject, const Machine &machine) : subject(subject), machine(machine) {}
  virtual ~KernelSchedules() = default;
  /// The point that `--dlc-tile` takes, a legal one. The dimension to split is the same on all machines.
  const SchedulePoint &getDefault() const;

  /// The kernel's algorithms. Parameters and splits are those that are legal with the lanes
  /// and sizes of `point`, which may have some or none of them yet.
  llvm::SmallVector<AlgorithmSpace> getAlgorithms(const SchedulePoint &point) const;

  /// Why `point` is not legal, and what would be; empty if it is.
  std::string findProblem(const SchedulePoint &point) const;

  /// Calls `visit` with legal points until it returns false: all combinations of algorithm, lanes, sizes and the
  /// dimension to split. Of the ranges of a dimension, which may begin at any multiple of a tile, those that double.
  void enumerate(llvm::function_ref<bool(const SchedulePoint &)> visit) const;

protected:
  virtual SchedulePoint choose() const = 0;
  /// The algorithms but for "naive", which every kernel has unless hasNaive says otherwise.
  virtual llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &point) const = 0;
  virtual bool hasNaive() const { return true; }

  /// An algorithm in vectors of 4-byte elements or wider ones.
  AlgorithmSpace makeVectorized(llvm::StringRef algorithm) const;
  /// One without parameters or vectors, which may split every dimension.
  AlgorithmSpace makePlain() const;
  /// Every dimension; ranges of `columnsDim`, which vectors run along, begin at multiples of `columns`.
  llvm::SmallVector<ScheduleSplit> splitAnywhere(int64_t columnsDim, int64_t columns) const;

  const TileSubject &subject;
  const Machine &machine;

private:
  bool enumerateSizes(SchedulePoint &point, size_t index, llvm::function_ref<bool(const SchedulePoint &)> visit) const;
  bool enumerateSplits(SchedulePoint &point, const AlgorithmSpace &space,
                       llvm::function_ref<bool(const SchedulePoint &)> visit) const;

  mutable std::optional<SchedulePoint> chosen;
};

/// Whether the layout of `type` has blocks.
bool isPacked(mlir::RankedTensorType type);
/// The extent, -1 if it is dynamic.
int64_t getFixedExtent(mlir::RankedTensorType type, int64_t dim);

} // namespace dlc

#endif // DLC_ANALYSIS_KERNELSCHEDULES_H
