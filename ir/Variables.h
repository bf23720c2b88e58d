// SPDX-License-Identifier: Apache-2.0
/// \file
/// Variables: the parameters of a module that changes parameters. `--dlc-bind-variables` makes each of them an argument
/// of every function that reads it and a result of every function that gives it a new value, both marked with its name.
/// An argument holds the old value throughout a run; when the run ends the result replaces it.
#ifndef DLC_IR_VARIABLES_H
#define DLC_IR_VARIABLES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseSet.h"

namespace dlc {

/// The variable that argument `number` of `function` is the old value of; null if it is an ordinary tensor.
mlir::StringAttr getVariableOfArgument(mlir::func::FuncOp function, unsigned number);

/// The same for any value: null if it is not an argument of a function.
mlir::StringAttr getVariableOfArgument(mlir::Value value);

/// The variable that result `number` of `function` is the new value of; null if it is an ordinary tensor.
mlir::StringAttr getVariableOfResult(mlir::func::FuncOp function, unsigned number);

/// The variable that `value` becomes the new value of when its function returns it; null if none.
mlir::StringAttr getVariableOfResult(mlir::Value value);

/// The argument of `function` that is the old value of `variable`; null if the function does not read it, or
/// `variable` is null.
mlir::BlockArgument getOldValue(mlir::func::FuncOp function, mlir::StringAttr variable);

/// Whether `function` gives `variable` a new value.
bool changesVariable(mlir::func::FuncOp function, mlir::StringAttr variable);

/// The variables of one function by name, for passes that ask about many. It does not see later changes of the
/// signature.
class VariableIndex {
public:
  explicit VariableIndex(mlir::func::FuncOp function);

  /// As the functions above.
  mlir::BlockArgument getOldValue(mlir::StringAttr variable) const { return oldValues.lookup(variable); }
  bool changes(mlir::StringAttr variable) const { return changed.contains(variable); }

private:
  llvm::DenseMap<mlir::StringAttr, mlir::BlockArgument> oldValues;
  llvm::DenseSet<mlir::StringAttr> changed;
};

/// Whether `module` is one in which parameters change: something is assigned or trained, whether already bound to
/// results or not. In all others parameters are constants, or weights that are replaced between runs.
bool changesParameters(mlir::ModuleOp module);

} // namespace dlc

#endif // DLC_IR_VARIABLES_H
