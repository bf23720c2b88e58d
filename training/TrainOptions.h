// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a training run is given.
#ifndef DLC_TRAINING_TRAINOPTIONS_H
#define DLC_TRAINING_TRAINOPTIONS_H

#include "data/Dataset.h"

#include <utility>

namespace dlc::training {

/// Names and numbers, in the order in which they were given; a later one of the same name counts.
using NamedNumbers = std::vector<std::pair<std::string, double>>;

struct TrainOptions {
  std::string library;
  std::string entry; ///< what a step is; empty: train_step
  data::DataOptions data, validation{{}, {}, "validation"};
  double validationSplit = 0;
  std::string validationRows; ///< file with the indices of rows to hold out
  NamedNumbers scales;        ///< of inputs and labels: what their values are multiplied by
  NamedNumbers settings;      ///< values of hyperparameters
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
  std::string device; ///< "cpu", "cuda", "cuda:1"; empty: what the library prefers
  std::string report;
  data::OptionNames names; ///< for messages
};

} // namespace dlc::training

#endif // DLC_TRAINING_TRAINOPTIONS_H
