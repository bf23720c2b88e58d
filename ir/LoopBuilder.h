// SPDX-License-Identifier: Apache-2.0
/// \file
/// Makes a `dlc.loop` together with the function that computes a step.
#ifndef DLC_IR_LOOPBUILDER_H
#define DLC_IR_LOOPBUILDER_H

#include "ir/DlcDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

/// While one lives, the builder that it was given appends to the step; `finish` puts it back and appends the loop.
class LoopBuilder {
public:
  /// The step's function is named after the function around the loop and `name`. `scanned` are tensors with the steps
  /// as dimension 0; without any, the loop has `tripCount` steps.
  LoopBuilder(mlir::OpBuilder &builder, mlir::Location location, llvm::StringRef name, mlir::ValueRange carried,
              mlir::ValueRange scanned, bool isReverse = false, std::optional<int64_t> tripCount = std::nullopt);

  /// Gives up what was not finished, which was then reported: the step goes away.
  ~LoopBuilder();

  /// The number of the step, a tensor<i64>.
  mlir::Value getStep() { return body.getArgument(0); }
  /// Carried value `i` as the step before left it.
  mlir::Value getCarried(size_t i) { return body.getArgument(1 + i); }
  /// What the step sees of scanned tensor `i`.
  mlir::Value getScanned(size_t i) { return body.getArgument(1 + carried.size() + i); }
  /// `outer`, a value of the function around the loop, in the step: what follows from constants and parameters is
  /// repeated there, so that passes see it; all else becomes an invariant of the loop.
  mlir::Value bring(mlir::Value outer);
  /// Lets the builder append to the function around the loop, for values to bring; the caller's guard takes it back.
  void goOutside() { builder.restoreInsertionPoint(outside); }

  /// Ends the step, which leaves `next` as carried values and one place of each of `stacked`. Results of the loop: the
  /// last carried values, then the stacked tensors.
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
