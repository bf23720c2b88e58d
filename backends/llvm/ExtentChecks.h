// SPDX-License-Identifier: Apache-2.0
/// \file
/// Checks of extents at the beginning of a run, and where it enters a branch.
#ifndef DLC_BACKENDS_LLVM_EXTENTCHECKS_H
#define DLC_BACKENDS_LLVM_EXTENTCHECKS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

class CheckExtentsOp;

/// Makes `function`, which takes the dlc_call `call` alone and returns a status, return DLC_ERROR_SHAPE before anything
/// else where one of its `dlc.extent_checks` does not hold; removes these.
void emitExtentChecks(mlir::func::FuncOp function, mlir::Value call);

/// Replaces `op`, in a function that takes the dlc_call `call`, by its checks; where one does not hold, control goes to
/// `leave` with the status.
void lowerExtentChecks(CheckExtentsOp op, mlir::Value call, mlir::Block *leave);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_EXTENTCHECKS_H
