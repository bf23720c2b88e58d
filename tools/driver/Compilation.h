// SPDX-License-Identifier: Apache-2.0
/// \file
/// From a model file to a native library.
#ifndef DLC_TOOLS_DRIVER_COMPILATION_H
#define DLC_TOOLS_DRIVER_COMPILATION_H

#include "mlir/Support/LLVM.h"
#include "tools/driver/CompileOptions.h"

namespace dlc {

/// Compiles a model. Problems, all of them, are printed to standard error as `FILE:LINE:COLUMN: error: ...`; then no
/// output is left behind. Forks to compile kernels, so the process must have a single thread.
mlir::LogicalResult compile(const CompileOptions &options);

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_COMPILATION_H
