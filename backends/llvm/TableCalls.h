// SPDX-License-Identifier: Apache-2.0
/// \file
/// How the host program hands tables of launches to the runtime.
#ifndef DLC_BACKENDS_LLVM_TABLECALLS_H
#define DLC_BACKENDS_LLVM_TABLECALLS_H

#include "backends/llvm/HostEmitter.h"
#include "ir/OpsProgram.h"

namespace dlc {

/// Emits the call that runs `table`, whose words and values become constants of the library called `name` and
/// `name.values`; gives the status. `functions` are those that the words number: one launch function per kernel of the
/// table.
mlir::Value callTable(HostEmitter emit, LaunchTableOp table, mlir::Value call,
                      llvm::ArrayRef<mlir::func::FuncOp> functions, const std::string &name);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_TABLECALLS_H
