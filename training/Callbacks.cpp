// SPDX-License-Identifier: Apache-2.0
#include "training/Callbacks.h"

using namespace dlc::training;

bool Best::improve(double value, double least) {
  // NaN is never better.
  if (!(isEmpty ? value == value : value < best - least))
    return false;
  best = value;
  isEmpty = false;
  return true;
}

nlohmann::json Best::save() const { return isEmpty ? nlohmann::json() : nlohmann::json(best); }

void Best::load(const nlohmann::json &state) {
  isEmpty = state.is_null();
  best = isEmpty ? 0 : state.get<double>();
}

bool EarlyStopping::observe(double value) {
  if (best.improve(value, least)) {
    waited = 0;
    return false;
  }
  return ++waited >= patience && patience;
}

void EarlyStopping::load(const nlohmann::json &state) {
  best.load(state.at("best"));
  waited = state.at("waited");
}
