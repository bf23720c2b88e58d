// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the nodes of a function ask of the model around them: parameters, other functions, how it is trained.
#ifndef DLC_FRONTEND_JSON_FUNCTIONSCOPE_H
#define DLC_FRONTEND_JSON_FUNCTIONSCOPE_H

#include "frontend/json/NodeContext.h"
#include "frontend/json/Parameters.h"
#include "frontend/json/TrainingScope.h"
#include <functional>

namespace dlc::json {

class FunctionScope final : public GraphScope {
public:
  /// Writes the ops of a function that is called, `callee`, where those of its caller are being written; `inputs` are
  /// its inputs by name, and `training` is what it trains as, if not null. Returns its results; an empty list after an
  /// error.
  using ImportCall =
      std::function<llvm::SmallVector<mlir::Value>(const JsonValue &callee, const llvm::StringMap<mlir::Value> &inputs,
                                                   TrainingScope *training, llvm::ArrayRef<llvm::StringRef> calls)>;

  /// `model` is the whole document; `calls` are the functions that are being imported, one inside the other. Ops are
  /// written by `builder`.
  FunctionScope(mlir::ModuleOp module, const JsonValue &model, Parameters &parameters, Reporter &reporter,
                mlir::OpBuilder &builder, llvm::ArrayRef<llvm::StringRef> calls, ImportCall importCall,
                const CustomOps &customOps)
      : module(module), model(model), parameters(parameters), reporter(reporter), builder(builder), calls(calls),
        importCall(std::move(importCall)), customOps(customOps) {}

  /// What follows is in `function`, and trains as `training` says, if that is not null. `trainsItself`: it defines
  /// itself how it is trained, so that its own nodes (not those of functions that it calls) behave as in training.
  /// `isInference`: it predicts, so that state updates of nodes with a training mode of their own are dropped.
  void begin(mlir::func::FuncOp function, TrainingScope *training, bool trainsItself = false, bool isInference = false);
  /// Whether `description` is the model itself, not one of its functions.
  bool isModel(const JsonValue &description) const { return &description == &model; }
  /// Writes what a trainable function has to do at its end.
  void end();

  mlir::Value loadParameter(NodeContext &context, llvm::StringRef key, llvm::StringRef name) override;
  bool assign(llvm::StringRef name) override { return assigned.insert(name).second; }
  llvm::SmallVector<mlir::Value> call(NodeContext &context, llvm::StringRef name, mlir::ValueRange arguments,
                                      bool isTraining) override;
  TrainingScope *findTraining(NodeContext &context) override;
  const CustomOps &getCustomOps() override { return customOps; }
  TrainingScope &getTraining(NodeContext &context) override;
  /// The training that the function was begun with; null in inference.
  TrainingScope *getGiven() const { return given; }
  /// Loads the parameter called `name`; nothing if the model does not declare it.
  std::optional<mlir::Value> loadParameter(llvm::StringRef name, Position position, const std::string &label);

private:
  mlir::ModuleOp module;
  const JsonValue &model;
  Parameters &parameters;
  Reporter &reporter;
  mlir::OpBuilder &builder;
  llvm::SmallVector<llvm::StringRef> calls;
  ImportCall importCall;
  const CustomOps &customOps;
  mlir::func::FuncOp function;
  TrainingScope *given = nullptr;
  bool trainsItself = false, isInference = false;
  std::optional<TrainingScope> own; ///< of a trainable function
  llvm::StringSet<> assigned;       ///< parameters that the function assigns
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_FUNCTIONSCOPE_H
