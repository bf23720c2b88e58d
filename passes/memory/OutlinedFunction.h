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

/// The functions of an op's regions, private and before `function`, and what all of them get as their last arguments:
/// the values of the code around the op that they read and that are not constant work.
struct OutlinedRegions {
  llvm::SmallVector<mlir::func::FuncOp, 2> functions;
  llvm::SmallVector<mlir::Value> captures;
};

/// Moves the regions of `op`, which is in `function`, into functions called `names`.
OutlinedRegions outlineRegions(mlir::func::FuncOp function, mlir::Operation *op, llvm::ArrayRef<std::string> names,
                               ConstantWork &constants, const SymbolicShapes &shapes);

/// Replaces `op` by `outlined`, which runs its functions, and notes there the extents of each of `values`, which are
/// results of `op`, `dropped` leading ones left out.
void replaceByOutlined(mlir::Operation *op, mlir::Operation *outlined, mlir::ResultRange values, unsigned dropped,
                       const SymbolicShapes &shapes);

/// The names of the symbols that extents are over.
mlir::ArrayAttr makeSymbolNames(const SymbolicShapes &shapes, mlir::Builder &builder);

/// Outlines every `OpTy` of the functions of `module`: `name` says how the functions of its regions are called, and
/// `replace` makes the op that runs them. Fails where the analysis `analyze` of a function does.
template <typename OpTy>
mlir::LogicalResult
outlineModule(mlir::ModuleOp module, llvm::function_ref<mlir::FailureOr<SymbolicShapes> &(mlir::func::FuncOp)> analyze,
              llvm::function_ref<llvm::SmallVector<std::string>(OutlinedNames &, mlir::func::FuncOp, OpTy)> name,
              llvm::function_ref<void(OpTy, const OutlinedRegions &, const SymbolicShapes &)> replace) {
  OutlinedNames names(module);
  for (auto function : llvm::make_early_inc_range(module.getOps<mlir::func::FuncOp>())) {
    if (!function.walk([](OpTy) { return mlir::WalkResult::interrupt(); }).wasInterrupted())
      continue;
    mlir::FailureOr<SymbolicShapes> &shapes = analyze(function);
    if (mlir::failed(shapes))
      return mlir::failure();
    ConstantWork constants(function);
    // Inner ones first, and of others the last, so that what a region captures is what has been analyzed; named in the
    // order of the function.
    llvm::DenseMap<mlir::Operation *, llvm::SmallVector<std::string>> chosen;
    function.walk([&](OpTy op) { chosen[op] = name(names, function, op); });
    function.walk<mlir::WalkOrder::PostOrder, mlir::ReverseIterator>(
        [&](OpTy op) { replace(op, outlineRegions(function, op, chosen[op], constants, *shapes), *shapes); });
  }
  return mlir::success();
}

} // namespace dlc

#endif // DLC_PASSES_MEMORY_OUTLINEDFUNCTION_H
