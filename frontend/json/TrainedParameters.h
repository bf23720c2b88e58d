// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which parameters the section `training` trains, and with which settings.
#ifndef DLC_FRONTEND_JSON_TRAINEDPARAMETERS_H
#define DLC_FRONTEND_JSON_TRAINEDPARAMETERS_H

#include "frontend/json/TrainedGraph.h"
#include "llvm/ADT/SmallBitVector.h"

namespace dlc::json {

/// A parameter that the optimizer changes, with what its groups say.
struct TrainedParameter {
  ParameterOp parameter;
  double rate = 1;
  std::optional<double> weightDecay, maxNorm;
};

class TrainedParameters {
public:
  /// `training` is the section; `reporter` reports problems in its file.
  TrainedParameters(mlir::ModuleOp module, const JsonValue &training, TrainedGraph &graph, Reporter &reporter);

  /// In the order of the module. Nothing after an error, which was reported; groups without effect are warnings.
  std::optional<llvm::SmallVector<TrainedParameter>> choose();

private:
  /// Reports those of `names` that no parameter of the model matches.
  void checkNames(const JsonValue &names);
  /// Reports those of `names`, the only parameters that are to be trained, that cannot be.
  void checkChosen(const JsonValue &names);
  void checkGroups();
  /// Appends `parameter` unless it is frozen, and notes which groups decide about it.
  void add(ParameterOp parameter);
  std::string describeUntrained();

  mlir::ModuleOp module;
  const JsonValue &training;
  TrainedGraph &graph;
  Reporter &reporter;
  const JsonValue *chosen; ///< `parameters`; null: all that the graph trains by default
  llvm::ArrayRef<JsonValue> groups;
  llvm::SmallVector<TrainedParameter> trained;
  llvm::SmallBitVector deciding;    ///< groups without which something would differ
  llvm::SmallBitVector haveTrained; ///< groups with a parameter that is trained
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_TRAINEDPARAMETERS_H
