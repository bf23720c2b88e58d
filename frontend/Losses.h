// SPDX-License-Identifier: Apache-2.0
/// \file
/// Losses as graph ops.
#ifndef DLC_FRONTEND_LOSSES_H
#define DLC_FRONTEND_LOSSES_H

#include "ir/DlcDialect.h"

namespace dlc {

enum class LossKind {
  SquaredError,       ///< (x - y)^2
  AbsoluteError,      ///< |x - y|
  Huber,              ///< d^2 / 2 for d = |x - y| up to delta, delta (d - delta / 2) beyond
  CrossEntropy,       ///< -sum over classes of y log p
  BinaryCrossEntropy, ///< -(y log p + (1 - y) log(1 - p))
  LogLikelihood,      ///< -sum over classes of y x: x are logarithms of probabilities
  Hinge,              ///< max(0, margin - y x) for y = -1 or 1
  MulticlassHinge, ///< mean over classes j other than c of max(0, margin - x_c + x_j), for class c; counts all classes
  KlDivergence     ///< sum over classes of y (log y - log p)
};

/// How a loss looks at predictions x and targets y.
struct LossDescription {
  LossKind kind = LossKind::SquaredError;
  /// Predictions are logits, which a softmax (or sigmoid, of BinaryCrossEntropy) makes probabilities of; computed in
  /// one with the logarithm. Where predictions are themselves what such an op gives, its operand is taken.
  bool fromLogits = false;
  double labelSmoothing = 0; ///< share of the target that is spread evenly over all classes
  double delta = 1;          ///< of Huber
  double margin = 1;         ///< of Hinge and MulticlassHinge
  int64_t classAxis = -1;    ///< of losses over classes: dimension of the predictions

  /// Whether predictions have a dimension of classes, which losses lack.
  bool isOverClasses() const;
};

/// Loss of each sample: the shape of `predictions`, without the classes. `targets` has the shape of `predictions`, in
/// its type, or, for losses over classes, is integers (class numbers) in the shape of the result.
mlir::Value buildLoss(mlir::OpBuilder &builder, mlir::Location location, const LossDescription &loss,
                      mlir::Value predictions, mlir::Value targets);

/// 1 at the index of each class along `axis` of `like`, else 0, in the type of `like`.
mlir::Value buildOneHot(mlir::OpBuilder &builder, mlir::Location location, mlir::Value classes, mlir::Value like,
                        int64_t axis);

} // namespace dlc

#endif // DLC_FRONTEND_LOSSES_H
