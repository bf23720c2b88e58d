// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/DataArguments.h"

#include <charconv>
#include <cmath>

using namespace dlc::data;
using namespace dlcrun;

static char readDelimiter(const std::string &text) {
  if (text == "tab" || text == "\\t")
    return '\t';
  if (text.size() != 1)
    throw CLI::ValidationError("--delimiter takes one character, or tab, not '" + text + "'");
  return text.front();
}

std::pair<std::string, double> dlcrun::splitNumber(const std::string &option, const char *flag) {
  size_t equals = option.rfind('=');
  double value = 0;
  const char *end = option.data() + option.size();
  if (equals != std::string::npos) {
    auto [last, error] = std::from_chars(option.data() + equals + 1, end, value);
    if (error == std::errc() && last == end && std::isfinite(value))
      return {option.substr(0, equals), value};
  }
  throw Failure(std::string(flag) + " takes NAME=NUMBER, not '" + option + "'");
}

void dlcrun::declareLabel(CLI::App &app, CsvOptions &csv) {
  app.add_option("--label-column", csv.label, "Column of a table that is the label; by default the last");
}

void dlcrun::declareTable(CLI::App &app, CsvOptions &csv) {
  app.add_option("--ignore-column", csv.ignored, "Column of a table to leave out")->allow_extra_args(false);
  app.add_option_function<std::string>(
         "--delimiter", [&csv](const std::string &text) { csv.delimiter = readDelimiter(text); },
         "Separator of the fields of a table, a character or 'tab'; a comma by default")
      ->type_name("CHARACTER");
}

void dlcrun::declareConversions(CLI::App &app, CsvOptions &csv) {
  app.add_option("--one-hot", csv.oneHot,
                 "Column of a table that holds categories: one input, 0 or 1, for each of them")
      ->type_name("COLUMN")
      ->allow_extra_args(false);
  using Imputation = CsvOptions::Imputation;
  app.add_option_function<std::string>(
         "--impute",
         [&csv](const std::string &text) {
           csv.imputation = text == "mean"     ? Imputation::Mean
                            : text == "median" ? Imputation::Median
                                               : Imputation::Zero;
         },
         "What replaces missing numbers of a table: the mean or the median of their column, or zero; in a column of "
         "categories none is set")
      ->check(CLI::IsMember({"mean", "median", "zero"}));
  app.add_option_function<std::vector<std::string>>(
         "--unit",
         [&csv](const std::vector<std::string> &units) {
           for (const std::string &text : units) {
             size_t equals = text.rfind('=');
             if (equals == 0 || equals >= text.size() - 1)
               throw Failure("--unit takes COLUMN=UNIT, not '" + text + "'");
             csv.units[text.substr(0, equals)] = text.substr(equals + 1);
           }
         },
         "COLUMN=UNIT in which a column of a table is measured; checkpoints, libraries and headers tell it")
      ->allow_extra_args(false);
}

void dlcrun::declareScales(CLI::App &app, std::vector<std::string> &scales) {
  app.add_option("--scale", scales, "NAME=FACTOR to multiply an input by, such as 0.00392156862745098 for bytes")
      ->allow_extra_args(false);
}

dlc::training::NamedNumbers dlcrun::splitScales(const std::vector<std::string> &scales) {
  dlc::training::NamedNumbers numbers;
  for (const std::string &scale : scales)
    numbers.push_back(splitNumber(scale, "--scale"));
  return numbers;
}
