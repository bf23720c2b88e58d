// SPDX-License-Identifier: Apache-2.0
/// \file
/// Launches as data. The form of a table is runtime/core/LaunchTable.c's, which runs it.
#ifndef DLC_BACKENDS_LLVM_LAUNCHTABLE_H
#define DLC_BACKENDS_LLVM_LAUNCHTABLE_H

#include "backends/llvm/EntryArguments.h"
#include "backends/llvm/LaunchFunction.h"
#include "ir/OpsProgram.h"
#include "llvm/ADT/MapVector.h"
#include <map>

namespace dlc {

/// Collects launches of one entry point that follow each other, to become one `dlc.launch_table`.
class LaunchTableBuilder {
public:
  LaunchTableBuilder(mlir::func::FuncOp entry, llvm::ArrayRef<EntryArgument> arguments)
      : entry(entry), arguments(arguments) {}

  /// Adds a launch of `kernel`, or says that no table can hold it, and changes nothing.
  bool add(LaunchOp launch, KernelInterface &kernel);
  /// Adds a copy between two buffers of one known size, or says that no table can hold it.
  bool add(mlir::memref::CopyOp copy);

  size_t size() const { return members.size(); }
  /// Replaces what was added by a table, at the position of the last of them, and starts anew.
  void createTable();
  /// Forgets what was added, which stays as it is.
  void clear();

private:
  struct Address {
    int32_t base = 0;        ///< dlc_argument_base and the number of the block
    mlir::AffineExpr offset; ///< over `numbers`
  };
  std::optional<Address> locate(mlir::Value buffer);
  mlir::AffineExpr express(mlir::Value index);
  int32_t addValue(mlir::AffineExpr expr);
  int64_t addTerm(mlir::AffineExpr term);
  void linearize(mlir::AffineExpr expr, int64_t factor, int64_t &constant, std::map<int64_t, int64_t> &coefficients);
  void addArguments(llvm::ArrayRef<Address> addresses, llvm::ArrayRef<mlir::AffineExpr> symbols);

  mlir::func::FuncOp entry;
  llvm::ArrayRef<EntryArgument> arguments;
  llvm::SmallVector<mlir::Value> numbers; ///< of the entry point, that expressions are made of: symbol i is number i
  llvm::DenseMap<mlir::Value, mlir::AffineExpr> expressions; ///< of indices

  // The table under construction.
  llvm::SmallVector<mlir::Operation *> members;
  llvm::SmallVector<int32_t> words;
  llvm::SmallVector<int64_t> values;
  llvm::SmallVector<mlir::Attribute> kernels;
  llvm::StringMap<int32_t> kernelNumbers;
  llvm::DenseMap<mlir::AffineExpr, int32_t> valuePositions;
  llvm::MapVector<mlir::AffineExpr, int64_t> terms; ///< symbols, and what is not linear in them
  size_t largest = 0;                               ///< number of arguments
};

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_LAUNCHTABLE_H
