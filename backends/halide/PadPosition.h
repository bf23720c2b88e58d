// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where padding reads.
#ifndef DLC_BACKENDS_HALIDE_PADPOSITION_H
#define DLC_BACKENDS_HALIDE_PADPOSITION_H

#include "backends/halide/KernelBuilder.h"
#include "ir/DlcDialect.h"

namespace dlc::halide {

/// The position in a dimension of `extent` elements that padding of `mode` reads for `position`, which counts from the
/// first element and may be outside. Loops over the innermost dimension are split where it is inside.
inline Halide::Expr getSourcePosition(const Halide::Expr &position, const Halide::Expr &extent, PadMode mode,
                                      bool isInnermost) {
  // Rows are copied but for their ends: neither divisions nor loads of single elements.
  auto unlessInside = [&](const Halide::Expr &outside) {
    Halide::Expr inside = Halide::clamp(isInnermost ? Halide::likely(position) : position, 0, extent - 1);
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

/// The element of `x`, padded by `low[dim]` where `isPadded[dim]` and moved by it elsewhere, at `index`. `getValue`
/// gives what PadMode::Constant reads outside.
inline Halide::Expr readPaddedBy(const TensorFunc &x, llvm::ArrayRef<Halide::Expr> index,
                                 llvm::ArrayRef<Halide::Expr> low, llvm::ArrayRef<bool> isPadded, PadMode mode,
                                 llvm::function_ref<Halide::Expr()> getValue) {
  // Of the innermost dimension, by which loops are split, and of all others.
  Halide::Expr isInside, areOthersInside;
  Exprs own;
  for (size_t dim = 0; dim < index.size(); ++dim) {
    Halide::Expr position = index[dim] - low[dim];
    bool isInnermost = dim + 1 == index.size();
    own.push_back(isPadded[dim] ? getSourcePosition(position, x.extents[dim], mode, isInnermost) : position);
    if (!isPadded[dim] || mode != PadMode::Constant)
      continue;
    Halide::Expr &condition = isInnermost ? isInside : areOthersInside;
    Halide::Expr here = position >= 0 && position < x.extents[dim];
    condition = condition.defined() ? condition && here : here;
  }
  Halide::Expr element = x.at(own);
  if (!isInside.defined() && !areOthersInside.defined())
    return element;
  Halide::Expr value = getValue();
  if (isInside.defined())
    element = Halide::select(isInside, Halide::likely(element), value);
  return areOthersInside.defined() ? Halide::select(areOthersInside, element, value) : element;
}

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_PADPOSITION_H
