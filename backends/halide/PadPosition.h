// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where padding reads.
#ifndef DLC_BACKENDS_HALIDE_PADPOSITION_H
#define DLC_BACKENDS_HALIDE_PADPOSITION_H

#include "backends/halide/ElementTypes.h"
#include "ir/DlcDialect.h"

namespace dlc::halide {

/// The position in a dimension of `extent` elements that padding of `mode` reads for `position`, which counts from the
/// first element and may be outside. Loops over the innermost dimension are split where it is inside.
inline Halide::Expr getSourcePosition(const Halide::Expr &position, const Halide::Expr &extent, PadMode mode,
                                      bool isInnermost) {
  // Rows are copied but for their ends: neither divisions nor loads of single elements.
  auto unlessInside = [&](const Halide::Expr &outside) {
    Halide::Expr inside = Halide::unsafe_promise_clamped(position, 0, extent - 1);
    return Halide::select(position >= 0 && position < extent, isInnermost ? Halide::likely(inside) : inside, outside);
  };
  switch (mode) {
  case PadMode::Constant:
  case PadMode::Edge:
    return Halide::clamp(isInnermost ? Halide::likely(position) : position, 0, extent - 1);
  case PadMode::Wrap:
    return unlessInside(position % Halide::max(extent, 1));
  case PadMode::Reflect: {
    // The period of x0 x1 ... xn ... x1; an extent of 1 has only one position to read.
    Halide::Expr period = Halide::max(2 * (extent - 1), 1);
    Halide::Expr phase = position % period;
    return unlessInside(Halide::clamp(Halide::min(phase, period - phase), 0, extent - 1));
  }
  }
  llvm_unreachable("all modes are handled");
}

/// `element`, or `value` where a position of PadMode::Constant is outside: `isInside` of the innermost dimension, and
/// of all others.
inline Halide::Expr selectPadded(const Halide::Expr &isInside, const Halide::Expr &areOthersInside,
                                 const Halide::Expr &element, const Halide::Expr &value) {
  Halide::Expr row =
      Halide::Internal::is_const_one(isInside) ? element : Halide::select(isInside, Halide::likely(element), value);
  return Halide::Internal::is_const_one(areOthersInside) ? row : Halide::select(areOthersInside, row, value);
}

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_PADPOSITION_H
