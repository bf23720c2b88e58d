// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where padding reads.
#ifndef DLC_BACKENDS_HALIDE_PADPOSITION_H
#define DLC_BACKENDS_HALIDE_PADPOSITION_H

#include "backends/halide/ElementTypes.h"
#include "ir/DlcDialect.h"

namespace dlc::halide {

/// The position in a dimension of `extent` elements that padding of `mode` reads for `position`, which counts from the
/// first element and may be outside.
inline Halide::Expr getSourcePosition(const Halide::Expr &position, const Halide::Expr &extent, PadMode mode) {
  switch (mode) {
  case PadMode::Constant:
  case PadMode::Edge:
    return Halide::clamp(position, 0, extent - 1);
  case PadMode::Wrap:
    return position % Halide::max(extent, 1);
  case PadMode::Reflect: {
    // The period of x0 x1 ... xn ... x1; an extent of 1 has only one position to read.
    Halide::Expr period = Halide::max(2 * (extent - 1), 1);
    Halide::Expr phase = position % period;
    return Halide::clamp(Halide::min(phase, period - phase), 0, extent - 1);
  }
  }
  llvm_unreachable("all modes are handled");
}

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_PADPOSITION_H
