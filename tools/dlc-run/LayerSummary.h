// SPDX-License-Identifier: Apache-2.0
/// \file
/// The layers of a library or of a model file.
#ifndef DLC_TOOLS_DLC_RUN_LAYERSUMMARY_H
#define DLC_TOOLS_DLC_RUN_LAYERSUMMARY_H

#include <nlohmann/json.hpp>
#include <string>

namespace dlcrun {

/// What the `dlc` beside this program says of a model file's layers, a line for each with
/// fields that are separated by tabs. Throws Failure; what
/// dlc has to say goes to standard error.
std::string listLayersOfModel(const std::string &path);

/// name, op, shape, parameters, operations of each layer. `text` is as listLayersOfModel gives it.
nlohmann::ordered_json readLayers(const std::string &text);

/// The layers as a table, with sums.
std::string formatLayers(const nlohmann::ordered_json &layers);

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_LAYERSUMMARY_H
