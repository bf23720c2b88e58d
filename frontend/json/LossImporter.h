// SPDX-License-Identifier: Apache-2.0
/// \file
/// The loss of a batch: its labels, its weights, its metrics.
#ifndef DLC_FRONTEND_JSON_LOSSIMPORTER_H
#define DLC_FRONTEND_JSON_LOSSIMPORTER_H

#include "frontend/Losses.h"
#include "frontend/json/OpContext.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::json {

/// What a model says of a batch, in one function.
struct TrainingBatch {
  mlir::func::FuncOp function;
  llvm::SmallVector<std::string> outputNames;
  llvm::SmallVector<mlir::Value> outputs; ///< of the model
  mlir::Value loss;
  llvm::SmallVector<std::pair<std::string, mlir::Value>> metrics;
  llvm::SmallVector<std::pair<std::string, mlir::Value>> updates; ///< of parameters that follow the data
};

class LossImporter {
public:
  /// `training` is the section. Problems are reported by `context`, which stands for the loss; ops are appended to the
  /// function of `batch`, which has no end yet.
  LossImporter(OpContext &context, const JsonValue &training, TrainingBatch &batch);

  /// The loss of `predictions`, as one number; null after an error. Adds the inputs that it needs to the function, and
  /// the metrics to the batch.
  mlir::Value import(mlir::Value predictions);

private:
  /// The shape of a tensor as `dlc.dims` says it.
  struct Shape {
    llvm::SmallVector<int64_t> extents;
    llvm::SmallVector<mlir::Attribute> dims;
  };
  /// Nothing, with an error, if a dimension is neither a number nor an input's.
  std::optional<Shape> describeShape(mlir::Value value);
  /// A new argument of the function that is fed with labels.
  mlir::Value addInput(llvm::StringRef name, const Shape &shape, mlir::Type elementType, mlir::ArrayAttr checks = {});

  void readLoss();
  mlir::Value addLabel();
  mlir::ArrayAttr describeClasses();
  mlir::Value ignoreLabels(mlir::Value losses);
  bool addWeights(mlir::Value losses);
  mlir::Value sum(mlir::Value values);
  mlir::Value weigh(mlir::Value values);
  mlir::Value weightsOf(mlir::Value values);
  mlir::Value average(mlir::Value values);
  mlir::Value buildMetric(const JsonValue &metric);
  mlir::Value buildAccuracy(const JsonValue &metric);

  OpContext &context;
  const JsonValue &training;
  TrainingBatch &batch;
  LossDescription loss;
  int64_t classAxis = 0;          ///< from 0
  std::optional<int64_t> ignored; ///< class number of labels that do not count
  bool isSum = false, hasClassNumbers = false;
  mlir::Value predictions, label;
  mlir::Value weights; ///< of the losses, or broadcasting against them; null: all count alike
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_LOSSIMPORTER_H
