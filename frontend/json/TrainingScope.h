// SPDX-License-Identifier: Apache-2.0
/// \file
/// What layers do otherwise while a model is trained.
#ifndef DLC_FRONTEND_JSON_TRAININGSCOPE_H
#define DLC_FRONTEND_JSON_TRAININGSCOPE_H

#include "frontend/json/OpContext.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc::json {

/// Training in one function. In inference, layers have none.
class TrainingScope {
public:
  /// `seed` and `step` (both tensor<i64>) are where random numbers of this step come from.
  TrainingScope(mlir::Value seed, mlir::Value step) : seed(seed), step(step) {}

  /// Random numbers between 0 and 1 in the shape of `like`, in f32: others in each step and in each call.
  mlir::Value createUniform(OpContext &context, mlir::Value like);
  /// The same, one number per sample: [N, 1, ...] of the rank of `x`, whose first dimension counts samples.
  mlir::Value createUniformPerSample(OpContext &context, mlir::Value x);
  /// Normally distributed random numbers in the shape and type of `like`: mean 0, variance 1.
  mlir::Value createNormal(OpContext &context, mlir::Value like);
  /// `x` with each element 0 at the probability `rate`, below 1, and all others scaled so that sums stay what they are
  /// on average.
  mlir::Value drop(OpContext &context, mlir::Value x, double rate);
  /// Normalizes the channels of `x` by the mean and the variance of the batch. `kept` are the names of the running mean
  /// and the running variance, which follow them by the share `momentum`; `isUnbiased`: by the variance without bias.
  mlir::Value normalizeBatch(OpContext &context, mlir::Value x, mlir::Value scale, mlir::Value shift,
                             std::array<std::string, 2> kept, std::array<mlir::Value, 2> keptValues, double momentum,
                             double epsilon, bool isUnbiased);
  /// Gives the parameter `name`, which follows the data, the value that it has after this step. Only the function that
  /// does a step keeps it.
  void update(llvm::StringRef name, mlir::Value value);
  /// The value that the updates so far have given the parameter `name`, or `before`, which it had when the step began.
  mlir::Value getCurrent(llvm::StringRef name, mlir::Value before) const;
  llvm::ArrayRef<std::pair<std::string, mlir::Value>> getUpdates() const { return updates; }
  bool isRandom() const { return streams > 0; }

  explicit TrainingScope(std::pair<mlir::Value, mlir::Value> seedAndStep)
      : TrainingScope(seedAndStep.first, seedAndStep.second) {}

private:
  mlir::Value seed, step;
  int64_t streams = 0;
  llvm::SmallVector<std::pair<std::string, mlir::Value>> updates;
};

/// Declares the parameters that determine random numbers of steps, unless `module` has them.
void declareRandomness(mlir::ModuleOp module);
/// Their values: the seed and the number of the step.
std::pair<mlir::Value, mlir::Value> loadRandomness(mlir::OpBuilder &builder, mlir::Location location);
/// Lets the next run be the next step.
void advanceSteps(mlir::OpBuilder &builder, mlir::Location location);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_TRAININGSCOPE_H
