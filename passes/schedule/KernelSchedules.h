// SPDX-License-Identifier: Apache-2.0
/// \file
/// The schedules of one kernel on one machine: what is legal, and the compiler's choice. Each kernel kind states both
/// in one place, a class that implements this interface in the file of its name: `--dlc-tile` takes the choice,
/// `--dlc-verify-schedules` asks what is legal, and a search would walk through it.
#ifndef DLC_PASSES_SCHEDULE_KERNELSCHEDULES_H
#define DLC_PASSES_SCHEDULE_KERNELSCHEDULES_H

#include "passes/schedule/ScheduleSpace.h"
#include "passes/schedule/TileSubject.h"
#include "targets/Machine.h"
#include <memory>

namespace dlc {

class KernelSchedules {
public:
  KernelSchedules(const TileSubject &subject, const Machine &machine) : subject(subject), machine(machine) {}
  virtual ~KernelSchedules() = default;
  /// By the kernel's kind and anchor op. `subject` and `machine` must outlive the result.
  static std::unique_ptr<KernelSchedules> create(const TileSubject &subject, const Machine &machine);

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
  /// Tiles of a convolution with the weight `w` for `channels` channels of the result.
  AlgorithmSpace makeConvolutionTile(llvm::StringRef algorithm, mlir::RankedTensorType w, int64_t channels,
                                     const SchedulePoint &point) const;
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

/// Columns of packed weights: a part of a block of `block` columns, whole blocks, or all `extent` in the first block.
ScheduleParameter makePackedColumns(int64_t lanes, int64_t block, int64_t extent);
/// Whether the layout of `type` has blocks.
bool isPacked(mlir::RankedTensorType type);
/// The extent, -1 if it is dynamic.
int64_t getFixedExtent(mlir::RankedTensorType type, int64_t dim);

/// The kernel kinds, by their files: ConvolutionSchedules.cpp and so on. `makeRowSchedules` are those of elementwise
/// ops, movements and windows.
std::unique_ptr<KernelSchedules> makeConvolutionSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeTransposedConvolutionSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeWeightGradientSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeWinogradSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeContractionSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeRecurrentSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeAttentionSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeReductionSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeNormalizationSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeLoopSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeRowSchedules(const TileSubject &subject, const Machine &machine);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_KERNELSCHEDULES_H
