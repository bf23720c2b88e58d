// SPDX-License-Identifier: Apache-2.0
#include "profile/LayerRows.h"

#include <cstdlib>
#include <sstream>

using namespace dlc::profile;

std::vector<LayerRow> dlc::profile::readLayerRows(const std::string &text) {
  std::vector<LayerRow> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    LayerRow &row = rows.emplace_back();
    std::string parameters, operations;
    std::getline(fields, row.name, '\t');
    std::getline(fields, row.op, '\t');
    std::getline(fields, row.shape, '\t');
    std::getline(fields, parameters, '\t');
    std::getline(fields, operations, '\t');
    row.parameters = std::strtoull(parameters.c_str(), nullptr, 10);
    row.operations = std::strtoull(operations.c_str(), nullptr, 10);
  }
  return rows;
}
