// SPDX-License-Identifier: Apache-2.0
/// \file
/// The schedules of kernels on CPUs: a class for each kernel kind, in the file of its name.
#ifndef DLC_BACKENDS_CPU_CPUSCHEDULES_H
#define DLC_BACKENDS_CPU_CPUSCHEDULES_H

#include "analysis/KernelSchedules.h"

namespace dlc {

class CpuSchedules : public KernelSchedules {
public:
  using KernelSchedules::KernelSchedules;
  /// By the kernel's kind and anchor op. `subject` and `machine` must outlive the result.
  static std::unique_ptr<KernelSchedules> create(const TileSubject &subject, const Machine &machine);

protected:
  /// Tiles of a convolution with the weight `w` for `channels` channels of the result.
  AlgorithmSpace makeConvolutionTile(llvm::StringRef algorithm, mlir::RankedTensorType w, int64_t channels,
                                     const SchedulePoint &point) const;
  /// Has `point` fetch its weights ahead if `bytes`, those of its matrix or of all packed weights of the program,
  /// exceed the second-level cache and computing with them takes some, but not much longer than reading them: each is
  /// used for `positions` results (-1: a run decides).
  void fetchAhead(SchedulePoint &point, int64_t bytes, int64_t positions) const;
  /// Lanes of vectors of channels, each of which is computed by itself: the most for which `fit` holds, but no fewer
  /// than 4; 0 if there are none.
  int64_t chooseChannelLanes(int64_t elementBytes, llvm::function_ref<bool(int64_t lanes)> fit) const;
};

/// A tile of one vector of channels, each computed by itself, in `rows` rows, which share the weights, in registers. A
/// window of few `taps` is written out, so that the rows share inputs, too.
SchedulePoint makeChannelTile(llvm::StringRef algorithm, int64_t lanes, int64_t rows, int64_t taps);

/// Columns of packed weights: a part of a block of `block` columns, whole blocks, or all `extent` in the first block.
ScheduleParameter makePackedColumns(int64_t lanes, int64_t block, int64_t extent);

/// How many bytes ahead weights, packed or a large matrix, are fetched.
constexpr ScheduleParameter prefetchParameter{"prefetch", 2048, 8192, 2048, 0, /*isOptional=*/true};

/// Whether `bytes` are more than a run finds in the second-level cache.
bool exceedsLevel2(int64_t bytes);

/// The kernel kinds, by their files: ConvolutionSchedules.cpp and so on. `makeRowSchedules` are those of elementwise
/// ops, movements and windows.
std::unique_ptr<KernelSchedules> makeConvolutionSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeTransposedConvolutionSchedules(const TileSubject &subject, const Machine &machine);
std::unique_ptr<KernelSchedules> makeRowConvolutionSchedules(const TileSubject &subject, const Machine &machine);
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

#endif // DLC_BACKENDS_CPU_CPUSCHEDULES_H
