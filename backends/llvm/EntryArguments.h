// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where the arguments of an entry point are at run time: in the dlc_call, by what their attributes say.
#ifndef DLC_BACKENDS_LLVM_ENTRYARGUMENTS_H
#define DLC_BACKENDS_LLVM_ENTRYARGUMENTS_H

#include "dlc/abi.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

struct EntryArgument {
  bool isSymbol = false;                  ///< a number of dlc_call.symbols; otherwise a buffer
  dlc_argument_base base = DLC_BASE_NONE; ///< of a buffer
  int64_t number = 0;                     ///< of a symbol, tensor or state
};

/// One entry per argument of `function`, which is an entry point or has the signature of one. Fails with a diagnostic
/// where an argument has no role, or writes a state that no argument brings.
mlir::FailureOr<llvm::SmallVector<EntryArgument>> locateArguments(mlir::func::FuncOp function);

/// Makes `function` take the dlc_call alone, and reads from it what the arguments were. Returns the dlc_call; fails as
/// `locateArguments` does.
mlir::FailureOr<mlir::Value> replaceArguments(mlir::func::FuncOp function);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_ENTRYARGUMENTS_H
