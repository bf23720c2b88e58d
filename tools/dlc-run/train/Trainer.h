// SPDX-License-Identifier: Apache-2.0
/// \file
/// A training run: epochs of shuffled batches, metrics, checkpoints.
#ifndef DLC_TOOLS_DLC_RUN_TRAIN_TRAINER_H
#define DLC_TOOLS_DLC_RUN_TRAIN_TRAINER_H

#include "tools/dlc-run/train/Evaluation.h"
#include "tools/dlc-run/train/Progress.h"
#include "tools/dlc-run/train/RunFiles.h"
#include "tools/dlc-run/train/TrainingState.h"

namespace dlcrun {

/// What the command line says about training.
struct TrainOptions {
  std::string library;
  std::string entry; ///< what a step is; empty: train_step
  DataOptions data, validation;
  double validationSplit = 0;
  std::string validationRows;        ///< file with the indices of rows to hold out
  std::vector<std::string> scales;   ///< "NAME=FACTOR"
  std::vector<std::string> settings; ///< "NAME=VALUE" of hyperparameters
  size_t epochs = 10, batch = 32;
  uint64_t seed = 0;
  bool isOrdered = false; ///< rows as they come, not shuffled
  std::string schedule = "constant";
  size_t warmUpSteps = 0;
  std::string monitor;
  size_t patience = 0; ///< of early stopping; 0: none
  double leastGain = 0;
  std::string checkpoint, bestCheckpoint;
  size_t checkpointEpochs = 1; ///< written after so many, and after the last one
  size_t checkpointSteps = 0;  ///< also within epochs, after so many steps
  bool isResumed = false;
  std::string load, loadPrefix; ///< variables to begin with
  bool isPartialLoad = false;
  unsigned threads = 1;
  bool isJson = false;
  std::string report;
};

class Trainer {
public:
  /// Opens the library and reads the data. Throws Failure.
  explicit Trainer(const TrainOptions &options);

  /// Trains; returns the exit status, which is 128 and the signal after an interruption that has been saved.
  int run();

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
  std::optional<double> learningRate(size_t step) const;
  void checkVariables() const;
  void saveCheckpoint();
  [[noreturn]] void reject(const Figures &figures, const Batch &batch) const;
  size_t stepsPerEpoch() const;
  std::string lastGood() const;

  const TrainOptions &options;
  Progress progress;
  Learner learner;
  std::vector<Target> targets;
  LabelWeights weights;
  std::vector<std::string> classNames;
  Dataset data, separateValidation;
  const Dataset *validationData = nullptr;
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

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_TRAIN_TRAINER_H
