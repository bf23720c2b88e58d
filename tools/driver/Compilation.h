// SPDX-License-Identifier: Apache-2.0
/// \file
/// From a model file to a native library.
#ifndef DLC_TOOLS_DRIVER_COMPILATION_H
#define DLC_TOOLS_DRIVER_COMPILATION_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"
#include "tools/driver/CompileOptions.h"

namespace dlc {

struct CompilationSettings;

/// Compiles a model. Problems, all of them, are printed to standard error as `FILE:LINE:COLUMN: error: ...`; then no
/// output is left behind. Forks to compile kernels, so the process must have a single thread.
mlir::LogicalResult compile(const CompileOptions &options);

/// Takes a module as a phase has left it; fails after it has reported why.
using ModuleVisitor = llvm::function_ref<mlir::LogicalResult(mlir::ModuleOp, const CompilationSettings &)>;

/// Compiles a model as far as the phase `options.compileTo` and hands it to `visitor`, for which the module lives.
/// Problems are printed as by `compile`.
mlir::LogicalResult visitModule(const CompileOptions &options, ModuleVisitor visitor);

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_COMPILATION_H
