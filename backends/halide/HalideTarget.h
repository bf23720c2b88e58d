// SPDX-License-Identifier: Apache-2.0
/// \file
/// Halide's name of an instruction set.
#ifndef DLC_BACKENDS_HALIDE_HALIDETARGET_H
#define DLC_BACKENDS_HALIDE_HALIDETARGET_H

#include "Halide.h"
#include "ir/DlcDialect.h"

namespace dlc::halide {

/// How kernels are compiled, beyond what their schedules say.
struct KernelOptions {
  /// Kernels check their bounds and report what is wrong (halide_error); for tests.
  bool checkBounds = false;
  /// Sums may be rearranged and NaN and infinity ignored inside convolutions and contractions.
  bool relaxContractions = false;
};

/// The target of kernels of kind `root` for the instruction set `isa`: "x86-64-v2", "x86-64-v3", "x86-64-v4",
/// "x86-64-v4-bf16" (with VNNI and BF16), "aarch64". None if there is no such instruction set.
std::optional<Halide::Target> getHalideTarget(llvm::StringRef isa, KernelRoot root, const KernelOptions &options);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_HALIDETARGET_H
