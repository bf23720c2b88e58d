// SPDX-License-Identifier: Apache-2.0
/// \file
/// Decoding as an entry point: a loop over the prompt, then a loop that chooses tokens and feeds them back.
///
/// Both loops hold the function's layers with one token per step; what layers keep from step to step are loop-carried
/// values. The entry point is `NAME(encoder's inputs..., prompt: i64[T], [seed: i64], [temperature: f32]) ->
/// (tokens: i64[max_tokens], count: i64, [score: f32])`.
#ifndef DLC_FRONTEND_JSON_GENERATEIMPORTER_H
#define DLC_FRONTEND_JSON_GENERATEIMPORTER_H

#include "frontend/json/FunctionImporter.h"

namespace dlc::json {

class GenerateImporter {
public:
  GenerateImporter(mlir::ModuleOp module, const JsonValue &model, FunctionImporter &functions, Reporter &reporter)
      : module(module), model(model), functions(functions), reporter(reporter), builder(module.getContext()) {}

  /// Appends the entry point that `section` describes. The functions of the model have
  /// been imported without errors.
  void import(const JsonValue &section);

private:
  /// The values that a step works on beside the tokens.
  struct Step {
    mlir::Value number, logits;
    llvm::SmallVector<mlir::Value> loopCarried; ///< what the method carries
  };
  /// What a method chooses in a step.
  struct Choice {
    mlir::Value tokens;                         ///< i64[beams]
    mlir::Value parents;                        ///< i64[beams], which beam each one grows from; null: its own
    llvm::SmallVector<mlir::Value> loopCarried; ///< the method's values after the step
    mlir::Value stop;                           ///< i1, null if nothing ends the loop
  };

  const JsonValue *findFunction(OpContext &context, llvm::StringRef key);
  /// What became of a function that findFunction has found. `run`, the layers of the model itself, is `predict` where
  /// these are trained.
  mlir::func::FuncOp getImported(llvm::StringRef name);
  bool readInterface(OpContext &context);
  mlir::func::FuncOp createFunction(llvm::StringRef name);
  /// The scores of the next tokens, f32[count, vocabulary], after `tokens`, i64[count].
  mlir::Value runLayers(OpContext &context, mlir::Block &block, mlir::Value tokens, StateScope &states);
  mlir::Value makeTokenInput(OpContext &context, mlir::Value tokens);
  bool createEntry(OpContext &context);
  /// Says that the prompt has from 1 to `maximum` tokens.
  void boundPrompt(int64_t maximum);
  bool createPromptLoop(OpContext &context);
  void createStepLoop(OpContext &context);
  void finish(mlir::func::FuncOp function, llvm::ArrayRef<mlir::Value> results);

  llvm::SmallVector<mlir::Value> makeInitialValues(OpContext &context);
  Choice chooseGreedily(OpContext &context, const Step &step);
  Choice sample(OpContext &context, const Step &step);
  Choice searchBeams(OpContext &context, const Step &step);
  void returnBestBeam(OpContext &context, mlir::ValueRange loopCarried);
  mlir::Value isStop(OpContext &context, mlir::Value tokens);

  mlir::ModuleOp module;
  const JsonValue &model;
  FunctionImporter &functions;
  Reporter &reporter;
  mlir::OpBuilder builder;

  // Of the current section.
  std::string name, method, tokenInput, outputName;
  const JsonValue *decoder = nullptr, *encoder = nullptr;
  mlir::RankedTensorType tokenType; ///< of the input, with unknown extents
  std::string timeName;             ///< the symbol of the prompt's length
  int64_t beams = 1, maxTokens = 0, vocabulary = 0;
  std::optional<int64_t> stopToken;
  mlir::func::FuncOp entry;
  llvm::StringMap<mlir::Value> others; ///< inputs of the function beside the tokens, in the entry point
  mlir::Value prompt, seed, temperature;
  mlir::Value promptLogits;
  llvm::SmallVector<mlir::Value> promptStates;
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_GENERATEIMPORTER_H
