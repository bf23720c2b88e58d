// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which rows a run learns from, and which it holds out for validation.
#ifndef DLC_TOOLS_DLC_RUN_TRAIN_ROWSPLIT_H
#define DLC_TOOLS_DLC_RUN_TRAIN_ROWSPLIT_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dlcrun {

struct RowSplit {
  std::vector<uint32_t> training, held; ///< both ascending
};

/// Holds back `share` (0 to 1) of `rows` rows; the seed says which. Throws Failure if one part were empty.
RowSplit splitRows(size_t rows, double share, uint64_t seed);

/// Holds out the rows whose indices, from 0, are in a file, separated by blanks or line ends. Throws Failure.
RowSplit splitRowsByFile(size_t rows, const std::string &path);

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_TRAIN_ROWSPLIT_H
