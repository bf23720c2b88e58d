// SPDX-License-Identifier: Apache-2.0
/// \file
/// Builds a `dlc.loop` together with the function that computes a step.
#ifndef DLC_IR_LOOPBUILDER_H
#define DLC_IR_LOOPBUILDER_H

#include "ir/DlcDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

/// While one exists, the builder that it was given appends to the step; `finish` restores it and appends the loop.
class LoopBuilder {
public:
  /// The step's function is named after the function around the loop and `name`. `scanned` are scan inputs, with the
  /// steps as dimension 0; without any, the loop has `tripCount` steps.
  LoopBuilder(mlir::OpBuilder &builder, mlir::Location location, llvm::StringRef name, mlir::ValueRange carried,
              mlir::ValueRange scanned, bool isReverse = false, std::optional<int64_t> tripCount = std::nullopt);

  /// Discards an unfinished loop, whose error was reported: the step is erased.
  ~LoopBuilder();

  /// The number of the step, a tensor<i64>.
  mlir::Value getStep() { return body.getArgument(0); }
  /// Loop-carried value `i` as the previous step left it.
  mlir::Value getCarried(size_t i) { return body.getArgument(1 + i); }
  /// The slice of scan input `i` that the step sees.
  mlir::Value getScanned(size_t i) { return body.getArgument(1 + carried.size() + i); }
  /// `outer`, a value of the function around the loop, in the step: what depends only on constants and parameters is
  /// repeated there, so that passes see it; everything else becomes a capture of the loop.
  mlir::Value bring(mlir::Value outer);
  /// Lets the builder append to the function around the loop, for values to capture; the caller's guard restores it.
  void goOutside() { builder.restoreInsertionPoint(outside); }

  /// Ends the step, which returns `next` as loop-carried values and one slice of each of `stacked`. Results of the
  /// loop: the last loop-carried values, then the scan outputs.
  mlir::ResultRange finish(mlir::ValueRange next, mlir::ValueRange stacked);

private:
  mlir::OpBuilder &builder;
  mlir::OpBuilder::InsertPoint outside;
  mlir::Location location;
  mlir::func::FuncOp body;
  llvm::SmallVector<mlir::Value> carried, scanned, invariants;
  llvm::DenseMap<mlir::Value, mlir::Value> brought;
  bool isReverse;
  std::optional<int64_t> tripCount;
};

} // namespace dlc

#endif // DLC_IR_LOOPBUILDER_H
