// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which dimensions of a tensor a reduction walks and which ones it keeps, in memory order.
#ifndef DLC_BACKENDS_HALIDE_ROWGEOMETRY_H
#define DLC_BACKENDS_HALIDE_ROWGEOMETRY_H

#include "backends/halide/KernelBuilder.h"
#include "backends/halide/ReductionStages.h"

namespace dlc::halide {

/// The split of a tensor's dimensions into reduced ones and others ("outer").
class RowGeometry {
public:
  RowGeometry(const TensorFunc &tensor, llvm::ArrayRef<int64_t> axes);

  /// Arguments for the outer dimensions, innermost in memory first, named as KernelBuilder names the
  /// output's.
  std::vector<Halide::Var> outer;
  std::vector<Halide::Expr> outerIndex() const { return {outer.begin(), outer.end()}; }
  /// The outer coordinates in `index`, which has all dimensions, or lacks the reduced ones if not `hasReduced`.
  std::vector<Halide::Expr> outerIndexOf(llvm::ArrayRef<Halide::Expr> index, bool hasReduced) const;

  /// Full index of the tensor from the variables of the outer dimensions and `reduced` indices (innermost in memory
  /// first).
  Exprs indexOf(llvm::ArrayRef<Halide::Expr> reduced) const;

  /// The reduced dimensions as a box whose elements are `element(full index)`.
  ReducedBox makeBox(const std::function<Halide::Expr(llvm::ArrayRef<Halide::Expr>)> &element) const;

  /// Whether what is innermost in memory is reduced.
  bool isInnermostReduced() const { return innermostIsReduced; }
  /// The static extent of the innermost reduced dimension.
  std::optional<int64_t> innermostExtent() const { return tensor.staticExtent(reducedDims.front()); }

  /// Lanes and vector width of the schedule for loops along rows; 1 for columns and plain kernels.
  int chooseLanes(const KernelBuilder &builder) const;
  int chooseVector(const KernelBuilder &builder) const;

private:
  TensorFunc tensor;
  llvm::SmallVector<int64_t> outerDims, reducedDims; ///< innermost in memory first
  bool innermostIsReduced = false;
};

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_ROWGEOMETRY_H
