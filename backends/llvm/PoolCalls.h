// SPDX-License-Identifier: Apache-2.0
/// \file
/// How the host program hands tasks to the threads of a call.
#ifndef DLC_BACKENDS_LLVM_POOLCALLS_H
#define DLC_BACKENDS_LLVM_POOLCALLS_H

#include "backends/llvm/HostEmitter.h"

namespace dlc {

/// The function through which launches go that may pay to be split.
constexpr llvm::StringLiteral inRangesName = "dlc.launch_in_ranges";

/// Puts `value`, a buffer's address or an index, at `position` of a block of arguments; returns it as an i64.
mlir::Value storeArgument(HostEmitter emit, mlir::Value value, mlir::Value block, int64_t position);

/// The address of `task`, a function of the module.
mlir::Value takeAddress(HostEmitter emit, mlir::func::FuncOp task);

/// Runs `task` through the pool of `call`, for ranges of `range` out of `extent`; gives the status.
mlir::Value runInPool(HostEmitter emit, mlir::Value call, mlir::Value task, mlir::Value arguments, mlir::Value extent,
                      mlir::Value range);

/// Adds to `module` `int32_t dlc.launch_in_ranges(call, task, arguments, extent, grain, nanoseconds)`, which runs a
/// task on this thread if it is short, else through the pool, in ranges worth a hand-over.
void createInRanges(mlir::ModuleOp module);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_POOLCALLS_H
