// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tables as comma-separated values (RFC 4180).
#ifndef DLC_DATA_CSVFILE_H
#define DLC_DATA_CSVFILE_H

#include "data/Array.h"

namespace dlc::data {

struct CsvOptions {
  bool hasLabel = true;             ///< whether one column is the label
  std::string label;                ///< its name, or its number from 1 in a file without names; empty: the last one
  std::vector<std::string> ignored; ///< names (or numbers) of columns to leave out
  char delimiter = ',';
};

struct CsvTable {
  std::vector<std::string> columns; ///< of the features
  Array features;                   ///< f64[rows, columns]
  std::vector<std::string> labels;  ///< one per row, if there is a label
  std::vector<size_t> lines;        ///< where each row starts
  std::vector<std::string> remarks; ///< what the user should know, though it is not an error
};

/// Reads a table in UTF-8, with or without a byte order mark; lines end in LF, CR LF or CR. A first row in which some
/// feature is not a number holds the columns' names. Throws Failure with "FILE:LINE: ..." for a row of another length,
/// a field that is not a finite number, or quotes that do not match, and lists the columns when a wanted one is
/// missing.
CsvTable readCsv(const std::string &path, const CsvOptions &options);

} // namespace dlc::data

#endif // DLC_DATA_CSVFILE_H
