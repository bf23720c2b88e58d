// SPDX-License-Identifier: Apache-2.0
/// \file
/// What predictions cost: the `loss` of the section `training` and of the node `Loss`.
#ifndef DLC_FRONTEND_JSON_LOSS_H
#define DLC_FRONTEND_JSON_LOSS_H

#include "frontend/Losses.h"
#include "frontend/json/OpContext.h"
#include "ir/Annotations.h"

namespace dlc::json {

/// A loss as the model describes it, and its value for one batch. Used in the order of its functions.
class Loss {
public:
  /// `value` keeps getLossRule. Problems are reported by `context`; ops go to its builder.
  Loss(OpContext &context, const JsonValue &value);

  /// False, with an error, if the loss cannot look at such predictions.
  bool setPredictions(mlir::Value predictions);
  /// Whether labels of `elementType` are class numbers, in the shape of the predictions without the classes; others
  /// have the shape of the predictions.
  bool takesClassNumbers(mlir::Type elementType) const;
  /// Dimension of the predictions that labels with class numbers lack.
  int64_t getClassAxis() const { return classAxis; }
  /// Element type of labels that the model does not say more about.
  mlir::Type getLabelType() const;
  /// False, with an error, if labels of this type cannot be distinguished from those to ignore.
  bool acceptsLabels(mlir::Type elementType) const;
  /// What to say of labels of `elementType` and `rank` that have another shape than the loss takes, if they may be
  /// meant as class indices; else nothing.
  std::string describeClassNumbers(mlir::Type elementType, int64_t rank) const;
  /// What the runtime checks labels of `elementType` for (`dlc.checks`): class numbers for being classes, labels of
  /// binary classes for being from 0 to 1, unless they have weights, of which one may be 0; null: nothing.
  ElementCheckAttr describeCheck(mlir::Type elementType, bool hasWeights) const;
  /// Computes the loss of each sample, or of all that a sample consists of.
  void compare(mlir::Value label);
  mlir::Value getLosses() const { return losses; }
  /// Weights of the samples, `[N]`, or of all losses, in their shape. False after an error.
  bool addWeights(mlir::Value given);
  /// The loss of the batch, of rank 0.
  mlir::Value reduce();
  /// The mean over what counts, of `values` that have the shape of the losses or of the predictions; with weights, the
  /// weighted one, and 0 where nothing counts.
  mlir::Value average(mlir::Value values);
  /// Whether each prediction is right, as 0 or 1; null if this is not a loss over classes.
  mlir::Value judge();

  mlir::Value predictions, label;
  bool hasClassNumbers = false;

private:
  mlir::Value ignoreLabels(mlir::Value losses);
  mlir::Value sum(mlir::Value values);
  mlir::Value weigh(mlir::Value values);
  mlir::Value weightsOf(mlir::Value values);

  OpContext &context;
  LossDescription loss;
  int64_t classAxis = 0;          ///< from 0
  std::optional<int64_t> ignored; ///< class number of labels that do not count
  bool isSum = false;
  mlir::Value losses;
  mlir::Value weights; ///< of the losses, or broadcasting against them; null: all count alike
};

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_LOSS_H
