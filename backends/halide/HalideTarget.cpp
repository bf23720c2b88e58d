// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/HalideTarget.h"
#include "llvm/ADT/StringSwitch.h"

namespace dlc::halide {

std::optional<Halide::Target> getHalideTarget(llvm::StringRef isa, KernelRoot root, const KernelOptions &options) {
  llvm::StringRef name = llvm::StringSwitch<llvm::StringRef>(isa)
                             .Case("x86-64-v2", "x86-64-linux-sse41")
                             .Case("x86-64-v3", "x86-64-linux-sse41-avx-avx2-f16c-fma")
                             .Case("x86-64-v4", "x86-64-linux-sse41-avx-avx2-f16c-fma-avx512-avx512_skylake")
                             .Case("x86-64-v4-bf16", "x86-64-linux-sse41-avx-avx2-f16c-fma-avx512-avx512_skylake-"
                                                     "avx512_cannonlake-avx512_zen4")
                             .Case("aarch64", "arm-64-linux")
                             .Default("");
  if (name.empty())
    return std::nullopt;
  Halide::Target target(name.str());
  target.set_features({Halide::Target::NoRuntime, Halide::Target::UserContext});
  if (!options.checkBounds)
    target.set_features({Halide::Target::NoAsserts, Halide::Target::NoBoundsQuery});
  bool isContraction =
      root == KernelRoot::Convolution || root == KernelRoot::Contraction || root == KernelRoot::Recurrent;
  // Without strict_float Halide takes NaN and infinity for impossible, and comparisons with them have no meaning.
  if (!isContraction || !options.relaxContractions)
    target.set_feature(Halide::Target::StrictFloat);
  return target;
}

} // namespace dlc::halide
