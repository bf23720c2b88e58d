// SPDX-License-Identifier: Apache-2.0
/// \file
/// Weights that are asked for before they are needed.
#ifndef DLC_BACKENDS_HALIDE_PREFETCH_H
#define DLC_BACKENDS_HALIDE_PREFETCH_H

#include "Halide.h"
#include "llvm/ADT/StringRef.h"

namespace llvm {
class Module;
}

namespace dlc::halide {

class KernelBuilder;

/// How many bytes ahead of a sum of products its weights are fetched; 0: not at all.
constexpr llvm::StringLiteral prefetchTile = "prefetch";

/// Has each step of `sum`, the stage whose update adds up the anchor op's products, fetch the weights of a step that is
/// as many bytes ahead as the schedule says. A step reads `columns` neighbours of weights that are not packed.
void prefetchWeights(KernelBuilder &builder, const Halide::Func &sum, int columns);

/// Makes the fetches of `module` what they are for: for reading, and into the second-level cache, since the first one
/// holds what the current steps read.
void adjustPrefetches(llvm::Module &module);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_PREFETCH_H
