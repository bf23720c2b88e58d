// SPDX-License-Identifier: Apache-2.0
/// \file
/// All the data of a training run: one column for each input and label of `train_step`.
#ifndef DLC_DATA_DATASET_H
#define DLC_DATA_DATASET_H

#include "data/Column.h"
#include "data/CsvFile.h"
#include "data/DataDescription.h"
#include "data/OptionNames.h"

#include <functional>

namespace dlc::data {

/// Data that a program has in memory, for one input or label.
struct MemorySource {
  std::string target; ///< its name; empty: the only input, or the only label if `isLabel`
  bool isLabel = false;
  std::string name;                ///< for messages
  std::function<Array()> array;    ///< makes an array whose first dimension counts rows; null if there are `labels`
  std::vector<std::string> labels; ///< names of classes
};

/// Where data comes from.
struct DataOptions {
  std::vector<std::string> sources; ///< "FILE" or "NAME=FILE"
  CsvOptions csv;
  std::string option = "data"; ///< that the sources were given by, for messages
  std::vector<MemorySource> memory = {};

  bool empty() const { return sources.empty() && memory.empty(); }
};

struct Dataset {
  std::vector<std::unique_ptr<Column>> columns; ///< one per target, in order
  size_t rows = 0;
  std::vector<std::string> remarks; ///< what the user should know, though it is not an error

  /// The location of a row: that of its label, or of its first input.
  std::string describeRow(size_t row, const std::vector<Target> &targets) const;
  /// Tells other data apart.
  dlc_uint32 checksum() const;
};

/// What data is for. Training finds the description of data; the others read theirs by it. Of data for Prediction
/// nobody knows the labels: a source may lack them.
enum class DataRole { Training, Validation, Prediction };

/// Reads all sources. A source with a name feeds that target; one without feeds every target that it can: a table or a
/// folder of images the only input and the only label, an .npz file the targets that its arrays are called like. Single
/// images are rows of an input without labels. In training, `description` is filled: with the names of classes if
/// labels are strings, and with how tables become numbers. Extents of targets that are below 0 become those of the
/// data. Throws Failure, whose message calls options by `names`.
Dataset readDataset(const DataOptions &options, std::vector<Target> &targets, DataDescription &description,
                    DataRole role = DataRole::Training, const OptionNames &names = {});

} // namespace dlc::data

#endif // DLC_DATA_DATASET_H
