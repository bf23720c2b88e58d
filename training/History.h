// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a training run has reached, epoch by epoch.
#ifndef DLC_TRAINING_HISTORY_H
#define DLC_TRAINING_HISTORY_H

#include "training/Metrics.h"

#include <nlohmann/json.hpp>
#include <optional>

namespace dlc::training {

/// One epoch; what is measured on validation data has names with "validation_" in front.
struct EpochRecord {
  size_t epoch = 0;                   ///< from 1
  std::optional<double> learningRate; ///< none if the step takes none
  Metrics metrics;

  std::optional<double> find(const std::string &name) const;
};

/// Whether more of it is better, by its name: of an accuracy it is, of a loss not.
bool isMoreBetter(const std::string &metric);

nlohmann::ordered_json toJson(const Metrics &metrics);
nlohmann::ordered_json toJson(const EpochRecord &record);
/// One row per label with one count per prediction.
nlohmann::ordered_json toJson(const Confusion &confusion);
EpochRecord recordFromJson(const nlohmann::ordered_json &json);

} // namespace dlc::training

#endif // DLC_TRAINING_HISTORY_H
