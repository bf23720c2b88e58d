// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a region that reads values of the code around it becomes a function.
#ifndef DLC_PASSES_MEMORY_OUTLINEDFUNCTION_H
#define DLC_PASSES_MEMORY_OUTLINEDFUNCTION_H

#include "ir/Names.h"
#include "ir/SymbolicShapes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Iterators.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace dlc {

/// Work on constants and parameters alone, which outlined functions repeat instead of capturing its result: passes on
/// them see it there, and it is done before any run.
class ConstantWork {
public:
  explicit ConstantWork(mlir::func::FuncOp function);

  /// Whether `a` comes before `b` in the function, both as it was in the beginning.
  bool isBefore(mlir::Operation *a, mlir::Operation *b) const { return numbers.at(a) < numbers.at(b); }

  /// `value` and what it depends on, operands before users, if that is constant work; nothing otherwise.
  llvm::ArrayRef<mlir::Operation *> find(mlir::Value value);

private:
  llvm::DenseMap<mlir::Operation *, size_t> numbers;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Operation *>> known;
};

/// Names of the functions that a pass adds to a module.
class OutlinedNames {
public:
  explicit OutlinedNames(mlir::ModuleOp module);

  /// `FUNCTION.LAYER`, as an identifier; `otherwise` where the op at `location` is of no layer.
  std::string make(mlir::func::FuncOp function, mlir::Location location, llvm::StringRef otherwise,
                   llvm::StringRef suffix = "");

private:
  UniqueNames names;
  llvm::StringSet<> taken;
};

/// Calls `name` on every `OpTy` of `function` in its order, then `outline` with what that gave: on inner ones first,
/// and of others on the last, so that what a region captures is what has been analyzed.
template <typename OpTy, typename NameFn, typename OutlineFn>
void outlineAll(mlir::func::FuncOp function, NameFn name, OutlineFn outline) {
  llvm::DenseMap<mlir::Operation *, decltype(name(OpTy()))> names;
  function.walk([&](OpTy op) { names[op] = name(op); });
  function.walk<mlir::WalkOrder::PostOrder, mlir::ReverseIterator>([&](OpTy op) { outline(op, names[op]); });
}

/// A private function before `function` with the region's block, which then ends in a return.
mlir::func::FuncOp outlineRegion(mlir::func::FuncOp function, mlir::Region &region, llvm::StringRef name);

/// The values of the code around `function`, which `outlineRegion` has made, that it reads and that are not constant
/// work: they become arguments in the order of `captures`, to which they are appended.
void findCaptures(mlir::func::FuncOp function, ConstantWork &constants, llvm::SetVector<mlir::Value> &captures);

/// Replaces outer values in `function` by new arguments, one for each of `captures`, or copies of constant work.
void bindCaptures(mlir::func::FuncOp function, ConstantWork &constants, const llvm::SetVector<mlir::Value> &captures);

/// The names of the symbols that extents are over.
mlir::ArrayAttr makeSymbolNames(const SymbolicShapes &shapes, mlir::Builder &builder);

/// Gives `function`, the last of whose arguments are `captures`, its type and the extents of its arguments.
void describeOutlined(mlir::func::FuncOp function, llvm::ArrayRef<mlir::Value> captures, const SymbolicShapes &shapes);

/// Notes on `op`, which runs outlined functions, the extents of each of `values`, `dropped` leading ones left out.
void noteDims(mlir::Operation *op, mlir::ResultRange values, unsigned dropped, const SymbolicShapes &shapes);

} // namespace dlc

#endif // DLC_PASSES_MEMORY_OUTLINEDFUNCTION_H
