// SPDX-License-Identifier: Apache-2.0
/// \file
/// Builds a `dlc.loop` together with its step.
#ifndef DLC_IR_LOOPBUILDER_H
#define DLC_IR_LOOPBUILDER_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dlc {
class LoopOp;

/// While one exists, the builder that it was given appends to the step, which may read all values that are there before
/// the loop; `finish` restores it behind the loop.
class LoopBuilder {
public:
  /// `scanInputs` have the steps as dimension 0; without any, the loop has `tripCount` steps.
  LoopBuilder(mlir::OpBuilder &builder, mlir::Location location, mlir::ValueRange initialValues,
              mlir::ValueRange scanInputs, bool isReverse = false, std::optional<int64_t> tripCount = std::nullopt);

  /// Discards an unfinished loop, whose error was reported.
  ~LoopBuilder();

  /// The block of the step.
  mlir::Block &getBlock() { return loop->getRegion(0).front(); }
  /// The number of the step, a tensor<i64>.
  mlir::Value getStep() { return getBlock().getArgument(0); }
  /// Loop-carried value `i` as the previous step left it.
  mlir::Value getLoopCarried(size_t i) { return getBlock().getArgument(1 + i); }
  /// The slice of scan input `i` that the step sees.
  mlir::Value getScanSlice(size_t i) { return getBlock().getArgument(1 + initialValues.size() + i); }
  /// One more loop-carried value, before number `i` of those there are. Returns what the previous step left;
  /// `setInitialValue` says later what it is before the first step.
  mlir::Value insertLoopCarried(size_t i, mlir::Type type);
  void setInitialValue(size_t i, mlir::Value value) { initialValues[i] = value; }
  /// Lets the builder append to the code around the loop, before it; the caller's guard restores it.
  void goOutside() { builder.setInsertionPoint(loop); }

  /// The loop runs at most `limit` steps, a tensor<i64> of the code around it.
  void setLimit(mlir::Value limit);

  /// Ends the step: `next` are the next loop-carried values, `slices` one slice of each scan output; the loop ends
  /// early after the step in which `stop` is true, if it is not null. Results of the loop: the last loop-carried
  /// values, the scan outputs, and with `stop` or a limit the number of steps.
  mlir::ResultRange finish(mlir::ValueRange next, mlir::ValueRange slices, mlir::Value stop = {});

private:
  mlir::OpBuilder &builder;
  mlir::Operation *loop; ///< a LoopOp; until `finish` without results, null afterwards
  llvm::SmallVector<mlir::Value> initialValues;
};

/// A loop like `loop`, at its position and with its step, of other operands and results. Values of `loop` that are
/// still used are the caller's to replace, as are the step's arguments and its end; then it erases `loop`.
LoopOp rebuildLoop(mlir::OpBuilder &builder, LoopOp loop, mlir::TypeRange results, mlir::ValueRange initialValues,
                   mlir::ValueRange scanInputs);

/// Whether data decides an extent in a step of `loop`: steps may compute with tensors of different sizes, which nothing
/// can stack.
bool decidesExtents(LoopOp loop);

/// The type of a scan output whose slices are like `slice`.
mlir::RankedTensorType withSteps(mlir::Type slice, int64_t steps);

} // namespace dlc

#endif // DLC_IR_LOOPBUILDER_H
