// SPDX-License-Identifier: Apache-2.0
#include "data/Suggestion.h"

#include <algorithm>

/// Levenshtein's distance.
static size_t distance(const std::string &a, const std::string &b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row.back();
}

std::string dlc::data::suggestion(const std::string &name, const std::vector<std::string> &candidates) {
  const std::string *best = nullptr;
  size_t bestDistance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string &candidate : candidates)
    if (size_t d = distance(name, candidate); d < bestDistance) {
      best = &candidate;
      bestDistance = d;
    }
  if (best)
    return "; did you mean '" + *best + "'?";
  std::string list;
  for (size_t i = 0; i < candidates.size() && i < 10; ++i)
    list += (i ? ", '" : "; there is '") + candidates[i] + "'";
  return list + (candidates.size() > 10 ? ", ..." : "");
}
