// SPDX-License-Identifier: Apache-2.0
/// \file
/// A training run: epochs of shuffled batches, metrics, checkpoints.
#ifndef DLC_TRAINING_TRAINER_H
#define DLC_TRAINING_TRAINER_H

#include "training/Evaluation.h"
#include "training/ReportPage.h"
#include "training/RunFiles.h"
#include "training/TrainOptions.h"
#include "training/TrainingObserver.h"
#include "training/TrainingState.h"

#include <functional>

namespace dlc::training {

class Trainer {
public:
  /// Opens the library and reads the data. Throws Failure, as `run` does.
  Trainer(TrainOptions options, TrainingObserver &observer);

  /// Trains to the end, and writes what the options ask for; false if the observer has interrupted it and a checkpoint,
  /// if there is to be one, holds the run as it was then.
  bool run();

  /// What dlc_context_cancel may be called with, also by a signal handler: the observer is then asked soon, within a
  /// step or a validation, whether the run is interrupted. If not, the run goes on as if nothing had happened.
  dlc_context *getContext() const { return learner.getContext(); }

private:
  void readData();
  void readSettings();
  void checkFiles() const;
  void begin();
  /// One epoch, or what is left of it; an interruption ends it early.
  void runEpoch();
  /// False: interrupted, and nothing has changed.
  bool endEpoch();
  std::optional<Evaluation> validate();
  /// Repeats `part`, which runs functions of the model, until it is not cancelled. False: interrupted.
  bool complete(const std::function<void()> &part);
  std::optional<double> learningRate(size_t step) const;
  void checkVariables() const;
  void saveCheckpoint();
  [[noreturn]] void reject(const Metrics &metrics, const Batch &batch) const;
  size_t stepsPerEpoch() const;
  /// Of the first label; 0 if it says no classes.
  size_t countClasses() const;
  /// For the report.
  Facts describeRun() const;
  std::string lastGood() const;

  const TrainOptions options;
  TrainingObserver &observer;
  Learner learner;
  std::vector<data::Target> targets;
  LabelWeights weights;
  data::DataDescription description;
  data::Dataset data, separateValidation;
  const data::Dataset *validationData = nullptr;
  std::vector<uint32_t> trainingRows, validationRows; ///< of their data
  std::vector<uint32_t> order;                        ///< of this epoch
  RunIdentity identity;
  std::map<std::string, double> settings; ///< hyperparameters, the learning rate before its schedule
  std::unique_ptr<Schedule> schedule;
  std::string monitor;
  TrainingState state;
  std::optional<Confusion> confusion; ///< of the last evaluation
  std::optional<CheckpointLock> checkpointLock, bestLock;
  std::string savedWhen; ///< the progress of the run when the checkpoint was written
};

} // namespace dlc::training

#endif // DLC_TRAINING_TRAINER_H
