// SPDX-License-Identifier: Apache-2.0
/// \file
/// The options that say how data is read, which several commands take.
#ifndef DLC_TOOLS_DLC_RUN_DATAARGUMENTS_H
#define DLC_TOOLS_DLC_RUN_DATAARGUMENTS_H

#include "data/CsvFile.h"
#include "training/TrainOptions.h"

#include <CLI/CLI.hpp>

namespace dlcrun {

/// --label-column.
void declareLabel(CLI::App &app, dlc::data::CsvOptions &csv);
/// --delimiter, --ignore-column.
void declareTable(CLI::App &app, dlc::data::CsvOptions &csv);
/// --impute, --one-hot: what is decided when a model learns from a table.
void declareConversions(CLI::App &app, dlc::data::CsvOptions &csv);
/// --scale, for splitScales.
void declareScales(CLI::App &app, std::vector<std::string> &scales);
dlc::training::NamedNumbers splitScales(const std::vector<std::string> &scales);

/// Calls `declare`, whose options --help lists under `heading`.
template <typename Declare> void inGroup(CLI::App &app, const std::string &heading, Declare declare) {
  app.option_defaults()->group(heading);
  declare();
  app.option_defaults()->group("Options");
}

/// Splits "NAME=NUMBER", the value of `flag`. Throws Failure.
std::pair<std::string, double> splitNumber(const std::string &option, const char *flag);

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_DATAARGUMENTS_H
