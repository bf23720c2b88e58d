// SPDX-License-Identifier: Apache-2.0
/// \file
/// Libraries for CPUs.
#ifndef DLC_BACKENDS_CPU_CPUBACKEND_H
#define DLC_BACKENDS_CPU_CPUBACKEND_H

#include "mlir/IR/DialectRegistry.h"

namespace dlc {

/// Lets the dlc dialect bring what CPUs make of its ops: a TargetInterface, and the interfaces of ops that depend on
/// the target. A context has one backend.
void registerCpuBackend(mlir::DialectRegistry &registry);

} // namespace dlc

#endif // DLC_BACKENDS_CPU_CPUBACKEND_H
