// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sums of four products of bytes on machines that add up two products of 16 bits at a time.
#ifndef DLC_BACKENDS_HALIDE_DOTPRODUCTPAIRS_H
#define DLC_BACKENDS_HALIDE_DOTPRODUCTPAIRS_H

#include "Halide.h"
#include <memory>

namespace dlc::halide {

/// A lowering pass: each sum of four neighbouring products of u8 and i8 becomes two sums of two products of i16.
std::unique_ptr<Halide::Internal::IRMutator> makeDotProductPairs();

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_DOTPRODUCTPAIRS_H
