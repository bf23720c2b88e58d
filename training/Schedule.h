// SPDX-License-Identifier: Apache-2.0
/// \file
/// How the learning rate changes during training.
#ifndef DLC_TRAINING_SCHEDULE_H
#define DLC_TRAINING_SCHEDULE_H

#include "data/OptionNames.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace dlc::training {

/// The point of training when a step begins.
struct SchedulePoint {
  size_t epoch = 0, step = 0; ///< whole epochs before, steps of this one before
  size_t epochs = 1, stepsPerEpoch = 1;

  /// Epochs so far, with the part of this one.
  double elapsed() const {
    return static_cast<double>(epoch) + static_cast<double>(step) / static_cast<double>(stepsPerEpoch);
  }
  size_t steps() const { return epoch * stepsPerEpoch + step; }
};

class Schedule {
public:
  virtual ~Schedule() = default;
  /// What the learning rate is multiplied with.
  virtual double factor(const SchedulePoint &point) const = 0;
  /// Called after each epoch with the monitored metric, negated if needed so that lower is better. Returns whether the
  /// factor is another one from now on.
  virtual bool observe(double) { return false; }
  /// The state that `observe` keeps, for a checkpoint.
  virtual nlohmann::json save() const { return nullptr; }
  virtual void load(const nlohmann::json &) {}
};

/// Makes a schedule from "NAME" or "NAME:KEY=VALUE,...":
///   constant
///   step:every=EPOCHS,factor=0.1      times the factor after so many epochs, again and again
///   exponential:factor=0.95           times the factor in each epoch, smoothly
///   cosine:minimum=0                  half a wave over all epochs, down to that share of the rate
///   plateau:patience=5,factor=0.1,minimum=0   times the factor when the monitored metric has not improved for so many
///   epochs
/// `warmUpSteps` first steps rise linearly to what it says. Throws Failure, with a suggestion for a wrong name.
std::unique_ptr<Schedule> makeSchedule(const std::string &text, size_t warmUpSteps,
                                       const data::OptionNames &names = {});

} // namespace dlc::training

#endif // DLC_TRAINING_SCHEDULE_H
