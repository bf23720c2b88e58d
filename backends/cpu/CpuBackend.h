// SPDX-License-Identifier: Apache-2.0
/// \file
/// Libraries for CPUs.
#ifndef DLC_BACKENDS_CPU_CPUBACKEND_H
#define DLC_BACKENDS_CPU_CPUBACKEND_H

#include "backends/Backend.h"

namespace dlc {

/// Lets the dlc dialect bring what CPUs make of its ops: a TargetInterface, and the interfaces of ops that depend on
/// the target. A context has one backend.
void registerCpuBackend(mlir::DialectRegistry &registry);

/// Kernels are compiled by Halide or, of the kind `loops`, by MLIR, and linked into the host program, which runs them
/// on the calling thread or on a pool of threads.
const Backend &getCpuBackend();

} // namespace dlc

#endif // DLC_BACKENDS_CPU_CPUBACKEND_H
