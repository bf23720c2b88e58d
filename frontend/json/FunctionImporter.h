// SPDX-License-Identifier: Apache-2.0
/// \file
/// One entry point of a JSON model: inputs, a chain of layers or a graph of nodes, outputs.
#ifndef DLC_FRONTEND_JSON_FUNCTIONIMPORTER_H
#define DLC_FRONTEND_JSON_FUNCTIONIMPORTER_H

#include "frontend/Import.h"
#include "frontend/json/FunctionScope.h"
#include "frontend/json/LayerContext.h"
#include "ir/SignatureBuilder.h"

namespace dlc::json {

/// Whether nodes of `function` change parameters.
bool assignsParameters(const JsonValue &function);

class FunctionImporter {
public:
  /// `model` is the whole document, for the parameters that it declares; `calls`: see FunctionScope. `options` have all
  /// custom ops, those of the model included.
  FunctionImporter(mlir::ModuleOp module, const JsonValue &model, Parameters &parameters, Reporter &reporter,
                   const ImportOptions &options, llvm::ArrayRef<llvm::StringRef> calls = {})
      : module(module), parameters(parameters), reporter(reporter), options(options), builder(module.getContext()),
        scope(module, model, parameters, reporter, builder, calls, importCallsOf(model), *options.customOps) {}
  FunctionImporter(const FunctionImporter &) = delete;

  /// Appends a function called `name` to the module. Problems are reported; parts of the model that did not pass
  /// validation are left out, and so is what depends on them. `description` holds `inputs`, `outputs` and `layers` or
  /// `nodes`.
  void import(llvm::StringRef name, const JsonValue &description);
  /// Writes the ops of `description` at the end of `block`, a function's or a loop's, with its inputs being `inputs`.
  /// The states of all layers belong to `states`. Returns the tensors by name; null ones could not be made, which is
  /// reported.
  llvm::StringMap<mlir::Value> importInto(mlir::Block &block, const JsonValue &description,
                                          const llvm::StringMap<mlir::Value> &inputs, StateScope &states,
                                          TrainingScope *trained = nullptr);
  /// The names of the results of `description`: its `outputs`, or its last layer's.
  std::vector<std::string> getOutputNames(const JsonValue &description);
  /// Arguments for the inputs of `description` that `isWanted` accepts, added to `signature`. Dimensions in `fixed`
  /// have these extents.
  void addInputs(SignatureBuilder &signature, const JsonValue &description,
                 llvm::function_ref<bool(llvm::StringRef)> isWanted, const llvm::StringMap<int64_t> &fixed,
                 llvm::StringMap<mlir::Value> &inputs);
  /// Names of all layers seen.
  llvm::ArrayRef<std::string> getLayerNames() const { return layerNames; }
  /// Names of inputs of all functions, whose shapes options may override.
  llvm::ArrayRef<std::string> getInputNames() const { return inputNames; }
  /// Names of these inputs' dimensions.
  const llvm::StringSet<> &getDimensionNames() const { return dimensionNames; }

private:
  /// How functions of `model` that nodes call are imported: each by an importer of its own, into the same function.
  FunctionScope::ImportCall importCallsOf(const JsonValue &model);
  /// Whether `name` is letters, digits and underscores and does not begin with a digit.
  static bool isIdentifier(llvm::StringRef name);
  bool declareInputs(llvm::StringRef name, const JsonValue &description);
  void reset();
  void importBody(const JsonValue &description);
  void importLayers(const JsonValue &layers);
  void importLayer(const JsonValue &layer);
  void importNodes(const JsonValue &nodes);
  void importNode(const JsonValue &node, const NodeKind &kind, llvm::StringRef label);
  void setOutputs(const JsonValue &description);

  /// Enters a tensor under its name; null: it could not be made. Reports a name that is taken.
  void define(llvm::StringRef name, mlir::Value value, Position position);
  /// The tensor that `reference` names: nothing if the model has none (which is reported), null if it could not be
  /// made.
  std::optional<mlir::Value> resolve(const JsonValue &reference, const std::string &label);
  /// The tensors that a name or a list of names refers to (none if null); nothing if one is missing or could not be
  /// made.
  std::optional<llvm::SmallVector<mlir::Value>> resolveAll(const JsonValue *references, const std::string &label);

  mlir::ModuleOp module;
  Parameters &parameters;
  Reporter &reporter;
  const ImportOptions &options;
  mlir::OpBuilder builder;
  FunctionScope scope;
  mlir::func::FuncOp function;
  llvm::StringMap<mlir::Value> tensors;
  llvm::StringMap<unsigned> layerCounts; ///< layers without a name, by op
  llvm::StringSet<> laterNames;          ///< names that layers of the function have, also those not reached yet
  std::string previous;                  ///< name of the tensor that the next layer takes; empty: ambiguous
  std::vector<std::string> layerNames, inputNames;
  llvm::StringSet<> dimensionNames;
  ZeroStates zeroStates;           ///< of layers that start from zero in every run
  EntryStates entryStates;         ///< of those that are `stateful`
  StateScope *allStates = nullptr; ///< of all layers, if not null
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_FUNCTIONIMPORTER_H
