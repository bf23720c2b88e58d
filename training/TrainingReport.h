// SPDX-License-Identifier: Apache-2.0
/// \file
/// A page about a training run.
#ifndef DLC_TRAINING_TRAININGREPORT_H
#define DLC_TRAINING_TRAININGREPORT_H

#include "training/History.h"
#include "training/ReportPage.h"

namespace dlc::training {

struct TrainingReport {
  std::string model;
  Facts facts;                         ///< data, options, and what else makes the run
  std::vector<std::string> classNames; ///< empty: classes are numbers
  std::vector<EpochRecord> history;
  std::string monitor;        ///< the metric that decides which epoch is the best
  const Confusion *confusion; ///< of the last epoch; null if there are no classes

  /// One HTML page without references to others: learning curves, the confusion matrix, a table of all epochs.
  std::string toHtml() const;
};

/// Throws Failure if the file cannot be written.
void writeTrainingReport(const std::string &path, const TrainingReport &report);

} // namespace dlc::training

#endif // DLC_TRAINING_TRAININGREPORT_H
