// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sums, maxima and the like over ranges, as stages that reductions and normalizations share.
#ifndef DLC_BACKENDS_HALIDE_REDUCTIONSTAGES_H
#define DLC_BACKENDS_HALIDE_REDUCTIONSTAGES_H

#include "backends/halide/ElementTypes.h"
#include "llvm/ADT/SmallVector.h"
#include <functional>
#include <optional>

namespace dlc::halide {

/// How two elements become one.
struct Combiner {
  Halide::Expr identity;
  std::function<Halide::Expr(const Halide::Expr &, const Halide::Expr &)> combine;
};

Combiner makeSum(Halide::Type type);
Combiner makeProduct(Halide::Type type);
/// NaN wins. `minimum`: the other way round.
Combiner makeExtreme(Halide::Type type, bool minimum);
/// The largest element that is not NaN: one instruction.
Combiner makeLargestNumber(Halide::Type type);

/// What is reduced: `element(position)` for all indices of a box, whose extents are ordered innermost in memory first.
struct ReducedBox {
  llvm::SmallVector<Halide::Expr> extents;
  std::function<Halide::Expr(llvm::ArrayRef<Halide::Expr> position)> element;
};

/// A reduction's stages. `total` has the arguments `outer`; its order of operations is fixed by the box and `lanes`.
struct ReductionStages {
  Halide::Func partial; ///< (lane, outer...): every lanes-th element; undefined if lanes is 1
  Halide::Func folded;  ///< (lane, outer...): as many lanes as a vector has; undefined if partial has no more
  Halide::Func total;
  int lanes = 1, vector = 1;
  bool hasTail = false;

  /// Computes all stages inside the loop `at` of `consumer`, once for each outer index.
  void computeAt(Halide::Func consumer, const Halide::Var &at);
  /// Computes all stages whole, before everything else.
  void computeRoot();
  /// Runs vectors along the first outer argument; for reductions without lanes.
  void vectorizeOuter(int width, Halide::TailStrategy tail);

private:
  void arrangeLanes();
};

/// With `lanes` > 1 the innermost extent is walked `lanes` elements at a time, in vectors of `vector`, and the lanes
/// are added up in pairs at the end; with 1 elements are taken one after another (and vectors may run along an outer
/// argument).
ReductionStages buildReduction(llvm::StringRef name, const std::vector<Halide::Var> &outer, const ReducedBox &box,
                               const Combiner &combiner, int lanes, int vector);

/// Lanes for an innermost extent (none: dynamic) given the schedule's vector: several vectors where the extent is long
/// enough to hide the latency of an addition, and never more than there are elements.
int chooseLanes(std::optional<int64_t> extent, int64_t vector, int64_t unroll);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_REDUCTIONSTAGES_H
