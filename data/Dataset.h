// SPDX-License-Identifier: Apache-2.0
/// \file
/// All the data of a training run: one column for each input and label of `train_step`.
#ifndef DLC_DATA_DATASET_H
#define DLC_DATA_DATASET_H

#include "data/Column.h"
#include "data/CsvFile.h"
#include "data/OptionNames.h"

namespace dlc::data {

/// Where data comes from.
struct DataOptions {
  std::vector<std::string> sources; ///< "FILE" or "NAME=FILE"
  CsvOptions csv;
};

struct Dataset {
  std::vector<std::unique_ptr<Column>> columns; ///< one per target, in order
  size_t rows = 0;
  std::vector<std::string> remarks; ///< what the user should know, though it is not an error

  /// The location of a row: that of its label, or of its first input.
  std::string place(size_t row, const std::vector<Target> &targets) const;
  /// Tells other data apart.
  dlc_uint32 checksum() const;
};

enum class DataRole { Training, Validation };

/// Reads all sources. A source with a name feeds that target; one without feeds every target that it can: a table or a
/// folder of images the only input and the only label, an .npz file the targets that its arrays are called like.
/// `classNames` are filled from labels that are strings; in validation data, they say which strings are known. Extents
/// of targets that are below 0 become those of the data. Throws Failure, whose message calls options by `names`.
Dataset readDataset(const DataOptions &options, std::vector<Target> &targets, std::vector<std::string> &classNames,
                    DataRole role = DataRole::Training, const OptionNames &names = {});

} // namespace dlc::data

#endif // DLC_DATA_DATASET_H
