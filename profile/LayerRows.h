// SPDX-License-Identifier: Apache-2.0
/// \file
/// The layers of a model's file, as libraries list them.
#ifndef DLC_PROFILE_LAYERROWS_H
#define DLC_PROFILE_LAYERROWS_H

#include <cstdint>
#include <string>
#include <vector>

namespace dlc::profile {

struct LayerRow {
  std::string name, op;
  std::string shape; ///< of the result: "N, 16, 8, 8"
  uint64_t parameters = 0, operations = 0;
};

/// The rows of `text`, which is as dlc_model.layers.
std::vector<LayerRow> readLayerRows(const std::string &text);

} // namespace dlc::profile

#endif // DLC_PROFILE_LAYERROWS_H
