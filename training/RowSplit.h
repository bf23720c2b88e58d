// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which rows a run learns from, and which it holds out for validation.
#ifndef DLC_TRAINING_ROWSPLIT_H
#define DLC_TRAINING_ROWSPLIT_H

#include "data/OptionNames.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dlc::training {

struct RowSplit {
  std::vector<uint32_t> training, validation; ///< both ascending
};

/// Holds out `share` (0 to 1) of `rows` rows; the seed says which. Throws Failure if one part were empty.
RowSplit splitRows(size_t rows, double share, uint64_t seed, const data::OptionNames &names = {});

/// Holds out the rows whose indices, from 0, are in a file, separated by blanks or line ends. Throws Failure, also if
/// that is all of them, unless `canHoldAll`.
RowSplit splitRowsByFile(size_t rows, const std::string &path, bool canHoldAll = false);

} // namespace dlc::training

#endif // DLC_TRAINING_ROWSPLIT_H
