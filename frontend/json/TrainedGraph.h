// SPDX-License-Identifier: Apache-2.0
/// \file
/// The model that is trained, as training asks for it: a description in JSON, or a graph that was imported from another
/// format.
#ifndef DLC_FRONTEND_JSON_TRAINEDGRAPH_H
#define DLC_FRONTEND_JSON_TRAINEDGRAPH_H

#include "frontend/json/FunctionImporter.h"
#include "frontend/json/LossImporter.h"
#include "ir/OpsParameter.h"

namespace dlc::json {

class TrainedGraph {
public:
  virtual ~TrainedGraph() = default;
  /// Whether `parameter`, a weight, is trained unless the section says otherwise.
  virtual bool trainsByDefault(ParameterOp) const { return true; }
  /// Why no gradient reaches `parameter`; empty: one does, as far as this graph tells.
  virtual std::string explainUntrained(ParameterOp) const { return ""; }
  /// Called once, before the first `write`: `trained` are the parameters that the optimizer changes.
  virtual void prepare(llvm::ArrayRef<ParameterOp> /*trained*/) {}
  /// Gives the function of `batch`, which is new and empty, the model's inputs and ops, but no end, and lists the
  /// outputs and tensors. `scope` is null in inference. False after an error, which was reported.
  virtual bool write(TrainingBatch &batch, TrainingScope *scope) = 0;
};

/// A JSON model.
class DescribedGraph final : public TrainedGraph {
public:
  DescribedGraph(const JsonValue &model, FunctionImporter &importer, Reporter &reporter)
      : model(model), importer(importer), reporter(reporter) {}
  bool write(TrainingBatch &batch, TrainingScope *scope) override;

private:
  const JsonValue &model;
  FunctionImporter &importer;
  Reporter &reporter;
};

/// The entry point `predict` of a module, which every function gets a copy of. Ops that differ in training are marked
/// by the importer (annotation::momentum, annotation::dropout); the marks are removed at the end.
///
/// Trained by default are weights that have a dimension and from which the loss depends: a float without one is a
/// number of a formula, such as the factor of a GELU. Those that are not trained are constants.
class ImportedGraph final : public TrainedGraph {
public:
  /// `output` is the result that the loss is computed from; empty: the first one.
  ImportedGraph(mlir::ModuleOp module, llvm::StringRef output, Reporter &reporter);
  ~ImportedGraph() override;
  bool trainsByDefault(ParameterOp parameter) const override;
  std::string explainUntrained(ParameterOp parameter) const override;
  void prepare(llvm::ArrayRef<ParameterOp> trained) override;
  bool write(TrainingBatch &batch, TrainingScope *scope) override;

private:
  void findParameters(mlir::Value predictions);
  /// The name of the parameter that `value` is; empty: it is none.
  static llvm::StringRef getParameter(mlir::Value value);
  /// What takes the place of `op` in training; null: nothing.
  static mlir::Value drop(OpContext &context, mlir::Operation *op, TrainingScope &scope);
  mlir::Value normalize(OpContext &context, mlir::Operation *op, TrainingScope &scope);

  mlir::ModuleOp module;
  Reporter &reporter;
  mlir::func::FuncOp predict;
  llvm::StringSet<> used;                       ///< parameters that gradients of the predictions reach
  llvm::StringMap<mlir::Operation *> unreached; ///< others from which these depend: an op without gradient between them
  llvm::StringSet<> trained;                    ///< parameters that the optimizer changes
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_TRAINEDGRAPH_H
