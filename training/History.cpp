// SPDX-License-Identifier: Apache-2.0
#include "training/History.h"

#include <cmath>

using namespace dlc::training;
using Json = nlohmann::ordered_json;

std::optional<double> EpochRecord::find(const std::string &name) const {
  for (const auto &[figure, value] : figures)
    if (figure == name)
      return value;
  return std::nullopt;
}

bool dlc::training::isMoreBetter(const std::string &figure) {
  for (const char *name : {"accuracy", "precision", "recall", "f1", "r2"}) {
    std::string ending = name;
    if (figure.size() >= ending.size() && !figure.compare(figure.size() - ending.size(), ending.size(), ending))
      return true;
  }
  return false;
}

Json dlc::training::toJson(const Figures &figures) {
  Json json = Json::object();
  for (const auto &[name, value] : figures)
    json[name] = std::isfinite(value) ? Json(value) : Json();
  return json;
}

Json dlc::training::toJson(const EpochRecord &record) {
  Json json = {{"epoch", record.epoch}};
  if (record.learningRate)
    json["learning_rate"] = *record.learningRate;
  json.update(toJson(record.figures));
  return json;
}

EpochRecord dlc::training::recordFromJson(const Json &json) {
  EpochRecord record;
  for (const auto &[name, value] : json.items()) {
    if (name == "epoch")
      record.epoch = value;
    else if (name == "learning_rate")
      record.learningRate = value.get<double>();
    else
      record.figures.push_back({name, value.is_null() ? NAN : value.get<double>()});
  }
  return record;
}
