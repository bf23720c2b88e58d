// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the functions of a program share: kernels and constants, each of them once.
#ifndef DLC_PASSES_MEMORY_PROGRAMTABLES_H
#define DLC_PASSES_MEMORY_PROGRAMTABLES_H

#include "ir/DlcDialect.h"
#include "ir/OpsProgram.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace dlc {
class ConstantOp;
class KernelOp;

/// Kernels as symbols of the module; equal ones are one.
class KernelTable {
public:
  explicit KernelTable(mlir::ModuleOp module);

  /// The symbol of `kernel`'s function, which takes its body unless there is an equal one. The name of the layer does
  /// not count.
  mlir::FlatSymbolRefAttr outline(KernelOp kernel);

private:
  struct Entry {
    mlir::Attribute description;
    KernelFuncOp function;
  };
  mlir::OpBuilder builder;
  llvm::DenseMap<size_t, llvm::SmallVector<Entry>> entries; ///< by hash
  size_t count = 0;
};

/// The block of constants.
class WeightTable {
public:
  /// Offset in bytes, a multiple of 64, of a constant in its type's layout.
  int64_t place(ConstantOp constant);

  /// Adds `dlc.weights` to the module, if there are any.
  void emit(mlir::ModuleOp module);

private:
  using Entry = std::pair<mlir::Attribute, mlir::RankedTensorType>;
  llvm::DenseMap<Entry, int64_t> offsets;
  llvm::SmallVector<Entry> entries;
  llvm::SmallVector<int64_t> positions;
  int64_t size = 0;
};

/// The block of variables: every parameter of a module in which something is assigned.
class VariableTable {
public:
  /// Gives each of the module's parameters its offset, in order.
  explicit VariableTable(mlir::ModuleOp module);

  /// Of a variable, in bytes.
  int64_t getOffset(mlir::StringAttr variable) const { return offsets.lookup(variable.getValue()); }

  /// Whether `prepare_weights` computes one of the variables that `entry` reads from others.
  bool readsDerived(mlir::func::FuncOp entry) const;

  /// Replaces the parameters by `dlc.variables`, if there are any.
  void emit();

private:
  mlir::ModuleOp module;
  llvm::StringMap<int64_t> offsets;
  llvm::StringSet<> derived; ///< parameters that `prepare_weights` computes from others
  int64_t size = 0;
};

struct ProgramTables {
  explicit ProgramTables(mlir::ModuleOp module) : kernels(module), variables(module) {}

  KernelTable kernels;
  WeightTable weights;
  VariableTable variables;
};

} // namespace dlc

#endif // DLC_PASSES_MEMORY_PROGRAMTABLES_H
