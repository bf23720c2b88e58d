// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the runtime checks about the elements of inputs before a run.
#ifndef DLC_IR_INPUTCHECKS_H
#define DLC_IR_INPUTCHECKS_H

#include "ir/Annotations.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLExtras.h"

namespace dlc {

/// Adds `check` to the `dlc.checks` of an argument; false if it is among them.
inline bool addInputCheck(mlir::func::FuncOp function, unsigned argument, ElementCheckAttr check) {
  llvm::SmallVector<mlir::Attribute> checks;
  if (mlir::ArrayAttr present = annotation::checks.getOfArgument(function, argument))
    llvm::append_range(checks, present);
  if (llvm::is_contained(checks, check))
    return false;
  checks.push_back(check);
  annotation::checks.setOfArgument(function, argument, mlir::ArrayAttr::get(function.getContext(), checks));
  return true;
}

} // namespace dlc

#endif // DLC_IR_INPUTCHECKS_H
