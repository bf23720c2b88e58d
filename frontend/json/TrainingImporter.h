// SPDX-License-Identifier: Apache-2.0
/// \file
/// The `training` section: entry points that train a model.
#ifndef DLC_FRONTEND_JSON_TRAININGIMPORTER_H
#define DLC_FRONTEND_JSON_TRAININGIMPORTER_H

#include "frontend/json/LossImporter.h"
#include "frontend/json/TrainedParameters.h"
#include "ir/SignatureBuilder.h"

namespace dlc::json {

/// Appends `evaluate`, `train_step`, `gradients` and `apply_gradients` to the module; `predict` is there already.
class TrainingImporter {
public:
  /// `training` is the section; `reporter` reports problems in its file.
  TrainingImporter(mlir::ModuleOp module, const JsonValue &training, TrainedGraph &graph, Reporter &reporter)
      : module(module), training(training), graph(graph), reporter(reporter), builder(module.getContext()) {}

  void import();

private:
  mlir::func::FuncOp createFunction(llvm::StringRef name);
  /// Ends `function`, whose signature gets the results and is complete.
  void finish(mlir::func::FuncOp function, SignatureBuilder &signature,
              llvm::ArrayRef<std::pair<std::string, mlir::Value>> results);

  /// The batch's loss and metrics in a new function called `name`; nothing after an error.
  std::optional<TrainingBatch> importBatch(llvm::StringRef name, bool isTraining);
  mlir::Value regularize(OpContext &context, mlir::Value loss);
  /// Gradients of the loss with respect to all trained parameters.
  llvm::SmallVector<mlir::Value> differentiate(TrainingBatch &batch);
  /// Appends the optimizer's step to `function`, whose signature gets the learning rate.
  void applyGradients(mlir::func::FuncOp function, SignatureBuilder &signature, mlir::ValueRange gradients);
  mlir::Value addHyperparameter(SignatureBuilder &signature, mlir::Location location, llvm::StringRef name,
                                double otherwise);

  mlir::ModuleOp module;
  const JsonValue &training;
  TrainedGraph &graph;
  Reporter &reporter;
  mlir::OpBuilder builder;
  llvm::SmallVector<TrainedParameter> trained;
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_TRAININGIMPORTER_H
