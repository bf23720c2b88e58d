// SPDX-License-Identifier: Apache-2.0
/// \file
/// How the rows of a table become rows of numbers.
#ifndef DLC_DATA_TABLEFORM_H
#define DLC_DATA_TABLEFORM_H

#include <map>
#include <string>
#include <vector>

namespace dlc::data {

/// Found in the table that a model learns from, and applied to every other one: columns are found by their names, in
/// any order, and others are left out.
struct TableForm {
  std::vector<std::string> columns;    ///< of the features, in order, as the table calls them
  bool areNamed = false;               ///< by the table's first row; else they are called "1", "2", ...
  bool isImputed = false;              ///< whether missing values are replaced: by `fills`, or by no category
  std::map<std::string, double> fills; ///< what replaces a missing number of a column
  std::map<std::string, std::vector<std::string>> categories; ///< of columns that are one-hot, sorted
  std::map<std::string, std::string> units;                   ///< of columns, also the label's, such as "cm"

  bool empty() const { return columns.empty(); }
  /// One name for each number of a row: "age", "color=red", "color=blue".
  std::vector<std::string> features() const;
};

} // namespace dlc::data

#endif // DLC_DATA_TABLEFORM_H
