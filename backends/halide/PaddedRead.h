// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the emitters of convolutions and their gradients share.
#ifndef DLC_BACKENDS_HALIDE_PADDEDREAD_H
#define DLC_BACKENDS_HALIDE_PADDEDREAD_H

#include "backends/halide/TensorFunc.h"

namespace dlc::halide {

/// The element of `x` at `index`, which is at most `padLow` and `padHigh` (one entry per spatial dimension) outside; 0
/// there. What a layout's halo holds is zero already and is read as it is.
Halide::Expr readPadded(const TensorFunc &x, llvm::ArrayRef<Halide::Expr> index, llvm::ArrayRef<int64_t> padLow,
                        llvm::ArrayRef<int64_t> padHigh);

/// A reduction domain over `extents`, the first of which is the innermost loop.
Halide::RDom makeDomain(llvm::ArrayRef<Halide::Expr> extents);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_PADDEDREAD_H
