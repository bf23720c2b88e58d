// SPDX-License-Identifier: Apache-2.0
/// \file
/// Checks of extents at the beginning of a run, where it enters a branch, and where it reads an extent back.
#ifndef DLC_BACKENDS_LLVM_EXTENTCHECKS_H
#define DLC_BACKENDS_LLVM_EXTENTCHECKS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

class CheckExtentsOp;

/// Lowers the `dlc.read_extent`s and the `dlc.extent_checks` of `function`, an entry point that takes the dlc_call
/// `call` alone and returns a status, which becomes DLC_ERROR_SHAPE where an extent is not within its bounds or a check
/// does not hold; `onDevice`: extents are read from a GPU. Checks come before anything else, or after the last extent
/// that they depend on has been read back.
void lowerExtents(mlir::func::FuncOp function, mlir::Value call, bool onDevice);

/// Replaces `op`, in a function that takes the dlc_call `call`, by its checks; where one does not hold, control goes to
/// `exitBlock` with the status.
void lowerExtentChecks(CheckExtentsOp op, mlir::Value call, mlir::Block *exitBlock);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_EXTENTCHECKS_H
