// SPDX-License-Identifier: Apache-2.0
/// \file
/// What an evaluation has found, for people, programs and browsers.
#ifndef DLC_TRAINING_EVALUATIONREPORT_H
#define DLC_TRAINING_EVALUATIONREPORT_H

#include "training/Evaluation.h"
#include "training/ReportPage.h"

#include <nlohmann/json.hpp>

namespace dlc::training {

struct EvaluationReport {
  std::string model;
  Facts facts; ///< data and options
  size_t rows;
  std::vector<std::string> classNames; ///< empty: classes are numbers
  const Evaluation &evaluation;

  /// Metrics; for classes also the confusion matrix, unless it is too wide to read, and a line for each class.
  std::string toText() const;
  /// model, rows, metrics, and for classes: classes, confusion (one row per label with one count per prediction).
  nlohmann::ordered_json toJson() const;
  /// One HTML page without references to others.
  std::string toHtml() const;
};

} // namespace dlc::training

#endif // DLC_TRAINING_EVALUATIONREPORT_H
