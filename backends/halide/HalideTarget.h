// SPDX-License-Identifier: Apache-2.0
/// \file
/// Halide's targets for the table of machines.
#ifndef DLC_BACKENDS_HALIDE_HALIDETARGET_H
#define DLC_BACKENDS_HALIDE_HALIDETARGET_H

#include "Halide.h"
#include "ir/DlcDialect.h"
#include "targets/Machine.h"

namespace dlc::halide {

/// How kernels are compiled, beyond what their schedules say.
struct KernelOptions {
  /// Kernels check their bounds and report what is wrong (halide_error); for tests.
  bool checkBounds = false;
  /// Sums may be rearranged and NaN and infinity ignored inside convolutions and contractions.
  bool relaxContractions = false;
};

/// The target of kernels of kind `kind` on `machine`.
Halide::Target getHalideTarget(const Machine &machine, KernelKind kind, const KernelOptions &options);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_HALIDETARGET_H
