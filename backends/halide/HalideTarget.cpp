// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/HalideTarget.h"

namespace dlc::halide {

Halide::Target getHalideTarget(const Machine &machine, KernelKind kind, const KernelOptions &options) {
  Halide::Target target(machine.halideTarget.str());
  target.set_features({Halide::Target::NoRuntime, Halide::Target::UserContext});
  if (!options.checkBounds)
    target.set_features({Halide::Target::NoAsserts, Halide::Target::NoBoundsQuery});
  bool isContraction =
      kind == KernelKind::Convolution || kind == KernelKind::Contraction || kind == KernelKind::Recurrent;
  // Without strict_float Halide takes NaN and infinity for impossible, and comparisons with them have no meaning.
  if (!isContraction || !options.relaxContractions)
    target.set_feature(Halide::Target::StrictFloat);
  return target;
}

} // namespace dlc::halide
