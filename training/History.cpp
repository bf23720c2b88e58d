// SPDX-License-Identifier: Apache-2.0
#include "training/History.h"

#include <cmath>

using namespace dlc::training;
using Json = nlohmann::ordered_json;

std::optional<double> EpochRecord::find(const std::string &name) const {
  for (const auto &[metric, value] : metrics)
    if (metric == name)
      return value;
  return std::nullopt;
}

bool dlc::training::isMoreBetter(const std::string &metric) {
  for (const char *name : {"accuracy", "precision", "recall", "f1", "r2"}) {
    std::string ending = name;
    if (metric.size() >= ending.size() && !metric.compare(metric.size() - ending.size(), ending.size(), ending))
      return true;
  }
  return false;
}

Json dlc::training::toJson(const Metrics &metrics) {
  Json json = Json::object();
  for (const auto &[name, value] : metrics)
    json[name] = std::isfinite(value) ? Json(value) : Json();
  return json;
}

Json dlc::training::toJson(const EpochRecord &record) {
  Json json = {{"epoch", record.epoch}};
  if (record.learningRate)
    json["learning_rate"] = *record.learningRate;
  json.update(toJson(record.metrics));
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
      record.metrics.push_back({name, value.is_null() ? NAN : value.get<double>()});
  }
  return record;
}

nlohmann::ordered_json dlc::training::toJson(const Confusion &confusion) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (size_t label = 0; label < confusion.size(); ++label) {
    rows.push_back(nlohmann::ordered_json::array());
    for (size_t prediction = 0; prediction < confusion.size(); ++prediction)
      rows.back().push_back(confusion.at(label, prediction));
  }
  return rows;
}
