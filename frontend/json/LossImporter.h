// SPDX-License-Identifier: Apache-2.0
/// \file
/// The loss of the section `training`: the inputs that it adds to a function, and its metrics.
#ifndef DLC_FRONTEND_JSON_LOSSIMPORTER_H
#define DLC_FRONTEND_JSON_LOSSIMPORTER_H

#include "frontend/json/Loss.h"
#include "ir/SignatureBuilder.h"
#include "ir/SymbolicShapes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc::json {

/// What a model says of a batch, in one function.
struct TrainingBatch {
  mlir::func::FuncOp function;
  llvm::SmallVector<std::string> outputNames;
  llvm::SmallVector<mlir::Value> outputs; ///< of the model
  llvm::StringMap<mlir::Value> tensors;   ///< that the loss may be computed from, by name
  mlir::Value loss;
  llvm::SmallVector<std::pair<std::string, mlir::Value>> metrics;
  llvm::SmallVector<std::pair<std::string, mlir::Value>> updates; ///< of parameters that follow the data
};

class LossImporter {
public:
  /// `training` is the section. Problems are reported by `context`, which represents the loss; ops are appended to the
  /// function of `batch`, which has no end yet and whose signature nothing else changes meanwhile.
  LossImporter(OpContext &context, const JsonValue &training, TrainingBatch &batch);

  /// The loss of `predictions`, as one number; null after an error. Adds the inputs that it needs to the function, and
  /// the metrics to the batch.
  mlir::Value import(mlir::Value predictions);

private:
  /// The shape of a tensor as its type, `dlc.dims` and expressions say it.
  struct Shape {
    llvm::SmallVector<int64_t> extents;
    llvm::SmallVector<mlir::Attribute> dims;
    Dims symbolic;
  };
  /// Nothing, with an error, if a dimension is neither a number nor an input's.
  std::optional<Shape> describeShape(mlir::Value value);
  mlir::Value buildLoss(mlir::Value predictions);
  /// A new argument of the function that is fed with labels.
  mlir::Value addInput(llvm::StringRef name, const Shape &shape, mlir::Type elementType, mlir::ArrayAttr checks = {});

  mlir::Value addLabel();
  bool hasWeights() const;
  bool addWeights();
  mlir::Value buildMetric(const JsonValue &metric);

  OpContext &context;
  const JsonValue &training;
  TrainingBatch &batch;
  SymbolicShapes shapes;                        ///< of the function so far
  SignatureBuilder signature;                   ///< of the function
  llvm::SmallVector<mlir::StringAttr, 2> added; ///< names of the inputs that the loss adds
  Loss loss;
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_LOSSIMPORTER_H
