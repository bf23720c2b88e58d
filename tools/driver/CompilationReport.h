// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the steps of a compilation add to its report.
#ifndef DLC_TOOLS_DRIVER_COMPILATIONREPORT_H
#define DLC_TOOLS_DRIVER_COMPILATIONREPORT_H

#include "backends/KernelCode.h"
#include "mlir/IR/BuiltinOps.h"
#include "tools/driver/CompilationSettings.h"
#include "tools/driver/Report.h"

namespace dlc {

/// Gathers what `module`, a program, says, and the times that the file `profilePath` has of it; empty: none. Fails with
/// an error at `location` if that cannot be read, or is of another model.
mlir::LogicalResult gatherReport(mlir::ModuleOp module, const CompilationSettings &settings,
                                 llvm::StringRef profilePath, mlir::Location location, Report &report);

/// Says how the kernels of a program for a GPU run: in `report` which template computes a sum of products, or why none
/// does; there and on standard error which kernels are not on the GPU.
void reportDeviceKernels(mlir::ModuleOp module, llvm::ArrayRef<KernelCode> kernels, Report &report);

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_COMPILATIONREPORT_H
