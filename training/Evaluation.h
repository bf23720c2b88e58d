// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a model returns for data that it does not learn from.
#ifndef DLC_TRAINING_EVALUATION_H
#define DLC_TRAINING_EVALUATION_H

#include "training/LabelWeights.h"
#include "training/Learner.h"

#include <functional>

namespace dlc::training {

struct Evaluation {
  Metrics metrics;
  std::optional<Confusion> confusion;
};

/// A mean; of nothing, 0.
inline double share(double sum, double weight) { return weight > 0 ? sum / weight : 0; }

/// Runs all of the loader's batches through `evaluator`; means over rows by their weights, and predictions
/// compared with the first label. Nothing if `isInterrupted` says so on the way.
std::optional<Evaluation> evaluate(Evaluator &evaluator, Loader &loader, const std::vector<data::Target> &targets,
                                   const LabelWeights &weights, const std::function<bool()> &isInterrupted);

} // namespace dlc::training

#endif // DLC_TRAINING_EVALUATION_H
