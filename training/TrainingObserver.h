// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who is told of a training run's progress, and may end it.
#ifndef DLC_TRAINING_TRAININGOBSERVER_H
#define DLC_TRAINING_TRAININGOBSERVER_H

#include "training/History.h"

namespace dlc::training {

struct RunBeginning {
  std::string model;
  size_t rows, validationRows, batch, stepsPerEpoch, epochs;
  std::vector<std::string> classNames; ///< empty: classes are numbers
  bool isResumed;
  size_t classes = 0;   ///< 0: labels say no classes, or nobody knows how many
  unsigned threads = 1; ///< 0: one for each CPU
};

struct RunEnd {
  size_t epochs;
  bool isStopped;             ///< early, by the monitored metric
  const Confusion *confusion; ///< of the last evaluation; null if there are no classes
};

/// Called from the thread that trains.
class TrainingObserver {
public:
  virtual ~TrainingObserver() = default;

  virtual void begin(const RunBeginning &) {}
  /// Something that the user should know, though it is not an error.
  virtual void note(const std::string &) {}
  /// The end of step `step` of `steps` of an epoch (both from 1), with `rows` rows; `loss` is the epoch's mean so far.
  virtual void step(size_t epoch, size_t epochs, size_t step, size_t steps, double loss, size_t rows) = 0;
  virtual void epoch(const EpochRecord &, size_t epochs, double seconds) = 0;
  /// The end of a run that was not interrupted.
  virtual void end(const RunEnd &) {}

  /// Asked after each step: whether the run has to end now.
  virtual bool isInterrupted() const { return false; }
};

} // namespace dlc::training

#endif // DLC_TRAINING_TRAININGOBSERVER_H
