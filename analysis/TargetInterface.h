// SPDX-License-Identifier: Apache-2.0
/// \file
/// What passes ask about the target of a compilation: what is not a property of one op. A backend adds its answers to
/// the dialect; what it says of ops are interfaces that it attaches to them (LayoutInterface.h).
#ifndef DLC_ANALYSIS_TARGETINTERFACE_H
#define DLC_ANALYSIS_TARGETINTERFACE_H

#include "analysis/KernelSchedules.h"
#include "mlir/IR/DialectInterface.h"

namespace dlc {

class TargetInterface : public mlir::DialectInterface::Base<TargetInterface> {
public:
  explicit TargetInterface(mlir::Dialect *dialect) : Base(dialect) {}

  /// That of the backend which was registered with `context`; there must be one.
  static const TargetInterface &get(mlir::MLIRContext *context);

  /// The schedules of a kernel on one machine, by its kind and anchor op. `subject` and `machine` must outlive the
  /// result.
  virtual std::unique_ptr<KernelSchedules> createSchedules(const TileSubject &subject,
                                                           const Machine &machine) const = 0;

  /// The layout of the weights `[G, K, H]` of a recurrent kernel with `gates` gates of `units` units.
  virtual LayoutAttr planRecurrentWeight(int64_t gates, int64_t units) const = 0;

  /// Whether `op`, a product of integers by a constant, is faster as one of u8 and i8 than as one of i16, on a machine
  /// of the target's `machines`.
  virtual bool multipliesBytes(mlir::Operation *op, llvm::ArrayRef<const Machine *> machines) const = 0;

  /// Whether a launch may compute a range of rows, for threads that share its rows.
  virtual bool splitsLaunches() const = 0;

  /// Whether a kernel computes a convolution and the pooling of its result together. Each element of the sum is then
  /// the work of the thread that takes the largest of them.
  virtual bool poolsInConvolutions() const = 0;

  /// Whether a transposed convolution of few output channels is computed as such in full vectors, in any order of the
  /// terms of its sums.
  virtual bool fillsTransposedConvolutions() const = 0;
};

} // namespace dlc

#endif // DLC_ANALYSIS_TARGETINTERFACE_H
