// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which tensors of an entry point are best computed again instead of kept.
#ifndef DLC_PASSES_MEMORY_RECOMPUTECANDIDATES_H
#define DLC_PASSES_MEMORY_RECOMPUTECANDIDATES_H

#include "analysis/MemoryProfile.h"
#include <queue>

namespace dlc {
class KernelOp;

/// A tensor that is thrown away between two readers, and the kernels that compute it again for the second.
struct RecomputeCandidate {
  mlir::Value tensor; ///< null: there is no candidate
  mlir::Operation *reader = nullptr;
  llvm::SmallSetVector<mlir::Operation *, 8> kernels;
  double gain = 0; ///< byte steps above the target that it saves, per nanosecond
};

/// The candidates of one entry point, the best first. Each choice changes what others gain, mostly to less, so a
/// candidate is looked at again when it comes first by what it gained before.
class RecomputeCandidates {
public:
  RecomputeCandidates(mlir::func::FuncOp entry, const MemoryProfile &profile) : entry(entry), profile(profile) {}

  /// Looks at all tensors, for a run that is to need at most `target` bytes at each step.
  void collect(int64_t target);
  /// Takes the best candidate; without a tensor if none saves anything.
  RecomputeCandidate takeBest();
  /// Looks at what kernels that were added, for a candidate that was taken, read and write.
  void noteAdded(llvm::ArrayRef<mlir::Operation *> added);
  /// Kernels that were added are erased; candidates have to be collected anew.
  void forget(llvm::ArrayRef<mlir::Operation *> added);
  /// `candidate` has turned out to save nothing: it does not come again.
  void reject(const RecomputeCandidate &candidate) { rejected.insert(getKey(candidate)); }

  /// The sum over all steps of the bytes that are live above the target.
  double getExcess() const;

private:
  struct Entry {
    double gain;
    size_t number; ///< what was found first comes first where gains are equal
    mlir::Value tensor;
    mlir::Operation *reader;
    bool operator<(const Entry &other) const {
      return gain < other.gain || (gain == other.gain && number > other.number);
    }
  };
  using Key = std::tuple<mlir::Operation *, mlir::Operation *, size_t>;
  static Key getKey(const RecomputeCandidate &candidate) {
    return {candidate.tensor.getDefiningOp(), candidate.reader, candidate.kernels.size()};
  }

  void add(mlir::Value tensor, mlir::Operation *reader);
  RecomputeCandidate evaluate(mlir::Value tensor, mlir::Operation *reader);
  bool isAbove(int64_t first, int64_t end) const;
  llvm::SetVector<mlir::Value> getMissing(const RecomputeCandidate &candidate, int64_t step) const;
  double getSaving(const RecomputeCandidate &candidate, const llvm::SetVector<mlir::Value> &missing, int64_t last,
                   int64_t step);
  double getNanoseconds(KernelOp kernel);

  mlir::func::FuncOp entry;
  const MemoryProfile &profile;
  int64_t target = 0;
  std::priority_queue<Entry> entries;
  size_t entryCount = 0;
  llvm::DenseMap<mlir::Operation *, double> costs;
  llvm::DenseSet<Key> rejected;
  llvm::SmallVector<int64_t> changes; ///< of what is live, by step; zeros between calls of getSaving
};

} // namespace dlc

#endif // DLC_PASSES_MEMORY_RECOMPUTECANDIDATES_H
