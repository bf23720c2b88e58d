// SPDX-License-Identifier: Apache-2.0
/// \file
/// The extents of all tensors of a function.
#ifndef DLC_IR_SYMBOLICSHAPES_H
#define DLC_IR_SYMBOLICSHAPES_H

#include "ir/ExtentBounds.h"
#include "ir/ShapeInference.h"
#include "mlir/IR/Value.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace dlc {

class IfOp;
class LoopOp;
class OutlinedIfOp;
class OutlinedLoopOp;
class ReadbackOp;

/// The extents of every tensor of a function, also inside loops, as expressions over the function's symbols: the names
/// in the `dlc.dims` attributes of its arguments, in order of first appearance. In the outlined step of a loop they
/// are those of `dlc.step`, over which the arguments' `dlc.extents` are.
class SymbolicShapes {
public:
  /// Walks `function` in order. Fails with a diagnostic if an op's shapes cannot be inferred.
  static mlir::FailureOr<SymbolicShapes> analyze(mlir::FunctionOpInterface function);

  /// For a function that is being built: the extents of its values are inferred when `infer` asks for them.
  explicit SymbolicShapes(mlir::FunctionOpInterface function) : function(function) {}
  /// Says the extents of an argument of the entry block that the function's signature does not list yet.
  void bind(mlir::BlockArgument argument, Dims extents) { dims[argument] = std::move(extents); }
  /// Extents of `value`, inferred from those of what it depends on if they are not known yet.
  mlir::FailureOr<llvm::ArrayRef<mlir::AffineExpr>> infer(mlir::Value value);

  /// Extents of `value`, a tensor of the function.
  llvm::ArrayRef<mlir::AffineExpr> getDims(mlir::Value value) const;
  /// Whether the extents of `value` are known. Those of gradients are not before they have been built.
  bool contains(mlir::Value value) const { return dims.contains(value); }
  /// Names of the symbols; position i is `AffineSymbolExpr` i.
  llvm::ArrayRef<std::string> getSymbols() const { return symbols; }
  /// The largest values of derived symbols, which `dlc.readback` defines; see ExtentBounds.h. Those of an outlined
  /// step's function are known in the function around the loop.
  SymbolBounds getBounds() const { return bounds; }
  /// Lets `name` be an extent that an outlined step or branch reads back, at most `bound` over the symbols here (null:
  /// as large as any); gives its symbol.
  mlir::AffineExpr defineExtent(llvm::StringRef name, mlir::AffineExpr bound);
  /// The maximum number of steps of a loop of the function.
  mlir::AffineExpr getStepCount(LoopOp loop) const;
  mlir::AffineExpr getStepCount(OutlinedLoopOp loop) const;

  /// Extents of the arguments of an outlined loop's body, over this function's symbols.
  llvm::SmallVector<Dims> getBodyArgumentDims(OutlinedLoopOp loop) const;

private:
  mlir::AffineExpr getSymbol(llvm::StringRef name);
  void bindArgument(mlir::BlockArgument argument);
  mlir::LogicalResult inferResult(mlir::Operation *op);
  mlir::LogicalResult nameExtent(ReadbackOp readback);
  mlir::LogicalResult walk(mlir::FunctionOpInterface function);
  void bindStep(LoopOp loop);
  bool takeNotedDims(mlir::Operation *op, mlir::ResultRange results, llvm::ArrayRef<mlir::AffineExpr> first);
  mlir::FailureOr<llvm::SmallVector<Dims>> inferReturned(mlir::Operation *op, mlir::FlatSymbolRefAttr body,
                                                         llvm::ArrayRef<Dims> arguments);
  mlir::LogicalResult inferLoop(OutlinedLoopOp loop);
  mlir::LogicalResult inferIf(OutlinedIfOp op);

  mlir::FunctionOpInterface function;
  llvm::DenseMap<mlir::Value, Dims> dims;
  llvm::SmallVector<std::string> symbols;
  llvm::SmallVector<mlir::AffineExpr> bounds;     ///< by symbol, as many as there are or fewer
  llvm::SmallVector<mlir::Operation *> readbacks; ///< so far
};

} // namespace dlc

#endif // DLC_IR_SYMBOLICSHAPES_H
