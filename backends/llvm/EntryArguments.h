// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an entry point is given: from arguments of its own to one dlc_call.
#ifndef DLC_BACKENDS_LLVM_ENTRYARGUMENTS_H
#define DLC_BACKENDS_LLVM_ENTRYARGUMENTS_H

#include "backends/llvm/Passes.h"

namespace dlc {

/// Makes `function` take the dlc_call alone, and reads from it what the arguments were. Returns the dlc_call; fails
/// with a diagnostic at an argument without a role.
mlir::FailureOr<mlir::Value> replaceArguments(mlir::func::FuncOp function);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_ENTRYARGUMENTS_H
