// SPDX-License-Identifier: Apache-2.0
/// \file
/// What observes each epoch's metrics: when to stop, and which state is the best so far.
#ifndef DLC_TRAINING_CALLBACKS_H
#define DLC_TRAINING_CALLBACKS_H

#include "training/History.h"

namespace dlc::training {

/// The smallest value that a metric has had.
class Best {
public:
  /// Whether `value` is smaller than all before by more than `least`; it counts from then on.
  bool improve(double value, double least = 0);
  nlohmann::json save() const;
  void load(const nlohmann::json &state);

private:
  double best = 0;
  bool isEmpty = true;
};

/// Stops when a metric has not improved for some epochs.
class EarlyStopping {
public:
  /// `patience` 0: never.
  EarlyStopping(size_t patience, double least) : patience(patience), least(least) {}

  /// Less is better. Returns whether to stop.
  bool observe(double value);
  nlohmann::json save() const { return {{"best", best.save()}, {"waited", waited}}; }
  void load(const nlohmann::json &state);

private:
  size_t patience;
  double least;
  size_t waited = 0;
  Best best;
};

} // namespace dlc::training

#endif // DLC_TRAINING_CALLBACKS_H
