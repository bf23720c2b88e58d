// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reverse-mode differentiation of one function.
#ifndef DLC_PASSES_TRAINING_REVERSEMODE_H
#define DLC_PASSES_TRAINING_REVERSEMODE_H

#include "ir/GradientBuilder.h"
#include "passes/training/FiniteValues.h"

namespace dlc {
class IfOp;
class LoopOp;

/// Walks back from tensors whose gradients are known, op by op, and adds up what reaches each value. New ops are
/// written at a builder's insertion point, after all ops that it visits.
class ReverseMode {
public:
  /// `askedAt` is where the gradients are asked for, which errors say.
  ReverseMode(mlir::OpBuilder &builder, mlir::ValueRange withRespectTo, mlir::Location askedAt);

  /// Whether `value` depends on the tensors that gradients are taken with respect to.
  bool isInfluenced(mlir::Value value) const { return influenced.contains(value); }
  /// Adds `gradient` to what is known of the gradient of `value`.
  void add(mlir::Value value, mlir::Value gradient);
  mlir::LogicalResult run();
  /// Null if nothing reaches `value`.
  mlir::Value getGradient(mlir::Value value) const { return gradients.lookup(value); }

private:
  mlir::LogicalResult pass(mlir::Operation *op);
  /// The operands of `op`, and the values of the code around it that its regions read.
  static llvm::SmallVector<mlir::Value> getReadValues(mlir::Operation *op);

  mlir::OpBuilder &builder;
  mlir::Location askedAt;
  mlir::Operation *end; ///< the first op that is not walked over; null: all are
  llvm::DenseSet<mlir::Value> influenced;
  FiniteValues finite;
  llvm::DenseMap<mlir::Value, mlir::Value> gradients;
};

/// Whether gradients pass through tensors like `value`: it is of floating point.
bool isDifferentiable(mlir::Value value);

/// The gradients (null: none) of what a loop reads, its operands and then its captures, from those of its results
/// (null: none): a loop that runs the steps in reverse order, written at `builder`'s insertion point. `isWanted` says
/// of each of the values in `read` whether its gradient is asked for. `loop` is replaced by one that stores what this
/// needs of every step.
mlir::FailureOr<llvm::SmallVector<mlir::Value>>
differentiateLoop(mlir::OpBuilder &builder, LoopOp &loop, mlir::ValueRange read, mlir::ValueRange resultGradients,
                  llvm::ArrayRef<bool> isWanted, mlir::Location askedAt);

/// The same of what the branches of `op` read: of the branch that is taken. A run takes the same one as in `op`.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> differentiateIf(mlir::OpBuilder &builder, IfOp op,
                                                                mlir::ValueRange read, mlir::ValueRange resultGradients,
                                                                llvm::ArrayRef<bool> isWanted, mlir::Location askedAt);

} // namespace dlc

#endif // DLC_PASSES_TRAINING_REVERSEMODE_H
