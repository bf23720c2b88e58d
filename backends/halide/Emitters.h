// SPDX-License-Identifier: Apache-2.0
/// \file
/// What Halide computes.
#ifndef DLC_BACKENDS_HALIDE_EMITTERS_H
#define DLC_BACKENDS_HALIDE_EMITTERS_H

#include "backends/halide/KernelBuilder.h"

namespace dlc::halide {

/// Attaches the emitters of all families to their ops.
void addEmitters(mlir::MLIRContext *context);

/// How the loops of kernels of this kind are arranged on CPUs; null if only emitters know that.
Scheduler getCpuScheduler(KernelKind kind);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_EMITTERS_H
