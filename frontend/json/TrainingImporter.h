// SPDX-License-Identifier: Apache-2.0
/// \file
/// The `training` section: entry points that train a model.
#ifndef DLC_FRONTEND_JSON_TRAININGIMPORTER_H
#define DLC_FRONTEND_JSON_TRAININGIMPORTER_H

#include "frontend/Losses.h"
#include "frontend/json/FunctionImporter.h"

namespace dlc::json {

/// Appends `evaluate`, `train_step`, `gradients` and `apply_gradients` to the module; `predict` is there already.
class TrainingImporter {
public:
  TrainingImporter(mlir::ModuleOp module, const JsonValue &model, FunctionImporter &importer, Reporter &reporter)
      : module(module), model(model), training(*model.find("training")), importer(importer), reporter(reporter),
        builder(module.getContext()) {}

  void import();

private:
  /// A parameter that the optimizer changes, with what its group says.
  struct Trained {
    ParameterOp parameter;
    double rate = 1;
    std::optional<double> weightDecay, maxNorm;
  };
  /// What the model says of a batch, in one function.
  struct Batch {
    mlir::func::FuncOp function;
    llvm::SmallVector<std::string> outputNames;
    llvm::SmallVector<mlir::Value> outputs; ///< of the model
    mlir::Value loss;
    llvm::SmallVector<std::pair<std::string, mlir::Value>> metrics;
    llvm::SmallVector<std::pair<std::string, mlir::Value>> updates; ///< of parameters that follow the data
  };

  LossDescription readLoss();
  bool chooseParameters();
  bool matches(const JsonValue &group, llvm::StringRef parameter);
  mlir::func::FuncOp createFunction(llvm::StringRef name);
  void finish(mlir::func::FuncOp function, llvm::ArrayRef<std::pair<std::string, mlir::Value>> results);

  /// The batch's loss and metrics in a new function called `name`; nothing after an error.
  std::optional<Batch> importBatch(llvm::StringRef name, bool isTraining);
  mlir::Value addLabel(OpContext &context, mlir::func::FuncOp function, const LossDescription &loss,
                       mlir::Value predictions);
  mlir::Value reduceLoss(OpContext &context, mlir::func::FuncOp function, mlir::Value losses);
  mlir::Value regularize(OpContext &context, mlir::Value loss);
  bool addMetrics(OpContext &context, const LossDescription &loss, mlir::Value predictions, mlir::Value label,
                  Batch &batch);
  /// Gradients of the loss with respect to all trained parameters.
  llvm::SmallVector<mlir::Value> differentiate(Batch &batch);
  void applyGradients(mlir::func::FuncOp function, mlir::ValueRange gradients);
  mlir::Value addHyperparameter(mlir::func::FuncOp function, llvm::StringRef name, double otherwise);

  mlir::ModuleOp module;
  const JsonValue &model, &training;
  FunctionImporter &importer;
  Reporter &reporter;
  mlir::OpBuilder builder;
  llvm::SmallVector<Trained> trained;
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_TRAININGIMPORTER_H
