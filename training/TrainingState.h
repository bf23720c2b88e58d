// SPDX-License-Identifier: Apache-2.0
/// \file
/// The progress of a training run, besides the variables. Together with them it is all that the rest of the run depends
/// on: it goes into the checkpoint, so that a resumed run makes the same bits as one that was never stopped.
#ifndef DLC_TRAINING_TRAININGSTATE_H
#define DLC_TRAINING_TRAININGSTATE_H

#include "dlc/runtime.hpp"
#include "training/Callbacks.h"
#include "training/Schedule.h"

namespace dlc::training {

/// What must be the same to continue from a checkpoint.
struct RunIdentity {
  uint64_t seed = 0;
  size_t batch = 0, rows = 0, validationRows = 0;
  bool isShuffled = true;
  std::vector<std::string> classNames;
  dlc_uint32 checksum = 0; ///< of the data
  std::string data;        ///< its description (data/DataDescription.h), for predictions; not compared
};

struct TrainingState {
  size_t epoch = 0, step = 0; ///< whole epochs, and steps of the current one
  double weightSeen = 0;      ///< in this epoch: of its batches, see LabelWeights
  Metrics sums;               ///< of the metrics of this epoch's steps, times their weights
  std::vector<EpochRecord> history;
  bool isStopped = false; ///< early stopping has had enough
  EarlyStopping stopping{0, 0};
  Best best;

  /// Writes variables and state to `path`. Throws Failure.
  void save(const std::string &path, const dlc::Variables &variables, const RunIdentity &identity,
            const Schedule &schedule) const;
  /// Reads both. Throws Failure if the checkpoint is of another model or run, and says what differs.
  void load(const std::string &path, dlc::Variables &variables, const RunIdentity &identity, Schedule &schedule,
            const data::OptionNames &names = {});
};

} // namespace dlc::training

#endif // DLC_TRAINING_TRAININGSTATE_H
