// SPDX-License-Identifier: Apache-2.0
#include "training/RowSplit.h"

#include "data/Array.h"
#include "training/Order.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>

using namespace dlc::data;
using namespace dlc::training;

RowSplit dlc::training::splitRows(size_t rows, double share, uint64_t seed, const OptionNames &names) {
  auto validation = static_cast<ptrdiff_t>(std::llround(static_cast<double>(rows) * share));
  if (rows && share > 0 && (!validation || static_cast<size_t>(validation) == rows))
    throw Failure(names("validation-split") + " " + describeNumber(share) + " holds out " +
                  (validation ? "all" : "none") + " of " + std::to_string(rows) + (rows == 1 ? " row" : " rows"));
  // The seed decides which rows are held out; they keep their order, as the other rows do.
  std::vector<uint32_t> mixed = shuffledOrder(rows, seed, splitStream);
  RowSplit split = {{mixed.begin() + validation, mixed.end()}, {mixed.begin(), mixed.begin() + validation}};
  std::sort(split.training.begin(), split.training.end());
  std::sort(split.validation.begin(), split.validation.end());
  return split;
}

RowSplit dlc::training::splitRowsByFile(size_t rows, const std::string &path, bool canHoldAll) {
  std::ifstream file(path);
  if (!file)
    throw Failure("cannot read '" + path + "': " + std::strerror(errno));
  std::vector<bool> isHeld(rows);
  std::string word;
  while (file >> word) {
    size_t row = rows;
    auto [last, error] = std::from_chars(word.data(), word.data() + word.size(), row);
    if (error != std::errc() || last != word.data() + word.size() || row >= rows)
      throw Failure("'" + path + "' holds '" + word + "', which is not a row from 0 to " + std::to_string(rows - 1));
    isHeld[row] = true;
  }
  RowSplit split;
  for (size_t row = 0; row < rows; ++row)
    (isHeld[row] ? split.validation : split.training).push_back(static_cast<uint32_t>(row));
  if (split.validation.empty())
    throw Failure("'" + path + "' contains no row indices");
  if (split.training.empty() && !canHoldAll)
    throw Failure("'" + path + "' holds out all " + std::to_string(rows) + " rows");
  return split;
}
