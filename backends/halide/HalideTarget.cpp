// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/HalideTarget.h"

namespace dlc::halide {

Halide::Target getHalideTarget(const Machine &machine, KernelKind kind, const KernelOptions &options) {
  Halide::Target target(machine.halideTarget.str());
  // A tensor without elements may have no address, which would be a bounds query.
  target.set_features({Halide::Target::NoRuntime, Halide::Target::UserContext, Halide::Target::NoBoundsQuery});
  if (!options.checkBounds)
    target.set_feature(Halide::Target::NoAsserts);
  bool isContraction =
      kind == KernelKind::Convolution || kind == KernelKind::Contraction || kind == KernelKind::Recurrent;
  // Without strict_float Halide takes NaN and infinity for impossible, and comparisons with them have no meaning.
  if (!isContraction || !options.relaxContractions)
    target.set_feature(Halide::Target::StrictFloat);
  return target;
}

} // namespace dlc::halide
