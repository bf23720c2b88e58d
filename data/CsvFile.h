// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tables as comma-separated values (RFC 4180).
#ifndef DLC_DATA_CSVFILE_H
#define DLC_DATA_CSVFILE_H

#include "data/Array.h"
#include "data/OptionNames.h"
#include "data/TableForm.h"

namespace dlc::data {

struct CsvOptions {
  bool hasLabel = true;             ///< whether one column is the label
  std::string label;                ///< its name, or its number from 1 in a file without names; empty: the last one
  std::vector<std::string> ignored; ///< names (or numbers) of columns to leave out
  char delimiter = ',';
  std::vector<std::string> oneHot; ///< names (or numbers) of columns that hold categories: one number for each of them
  /// What replaces a missing number: its column's Mean or Median, or zero.
  enum class Imputation { None, Mean, Median, Zero } imputation = Imputation::None;
  std::map<std::string, std::string> units; ///< of columns, such as "cm"; for people, they change nothing
};

/// Whether a field holds nothing, or one of the words that programs write for it: NA, N/A, NaN, null, None, ?.
bool isMissing(const std::string &field);

struct CsvTable {
  TableForm form;
  std::vector<std::string> columns; ///< of the features: form.features()
  Array features;                   ///< f64[rows, columns]
  std::vector<std::string> labels;  ///< one per row, if there is a label
  std::string labelColumn;          ///< its name; empty if there is no label
  std::vector<size_t> lines;        ///< where each row starts
  std::vector<std::string> remarks; ///< what the user should know, though it is not an error
};

/// Reads a table in UTF-8, with or without a byte order mark; lines end in LF, CR LF or CR. A first row in which some
/// feature is not a number holds the columns' names. Throws Failure with "FILE:LINE: ..." for a row of another length,
/// a field that is not a finite number, or quotes that do not match, and lists the columns when a wanted one is
/// missing; messages call options by `names`. With `form`, the columns, fills and categories are those of `form`
/// (found by name, or in order if one of the two tables has no names), and not of this table; `usualLabel` is the label
/// if the options name none and there is such a column.
CsvTable readCsv(const std::string &path, const CsvOptions &options, const TableForm *form = nullptr,
                 const std::string &usualLabel = "", const OptionNames &names = {});

} // namespace dlc::data

#endif // DLC_DATA_CSVFILE_H
