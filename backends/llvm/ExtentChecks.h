// SPDX-License-Identifier: Apache-2.0
/// \file
/// Checks of extents at the beginning of a run.
#ifndef DLC_BACKENDS_LLVM_EXTENTCHECKS_H
#define DLC_BACKENDS_LLVM_EXTENTCHECKS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

/// Makes `function`, which takes the dlc_call `call` alone and returns a status, return DLC_ERROR_SHAPE before anything
/// else where one of its `dlc.extent_checks` does not hold; removes these.
void emitExtentChecks(mlir::func::FuncOp function, mlir::Value call);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_EXTENTCHECKS_H
