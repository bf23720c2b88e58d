// SPDX-License-Identifier: Apache-2.0
#include "ir/Suggestion.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using llvm::ArrayRef;
using llvm::StringRef;

/// Whether `a` is `b` with two neighbouring letters exchanged.
static bool isTransposition(StringRef a, StringRef b) {
  auto [left, right] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return a.size() == b.size() && a.end() - left >= 2 && left[0] == right[1] && left[1] == right[0] &&
         std::equal(left + 2, a.end(), right + 2);
}

/// The distance of two names, ignoring case and underscores; large, but finite, if one contains the other
/// (`kernel_size`, `kernel`).
static double distance(StringRef a, StringRef b) {
  auto plain = [](StringRef name) {
    std::string result = name.lower();
    llvm::erase(result, '_');
    return result;
  };
  std::string left = plain(a), right = plain(b);
  unsigned edits = isTransposition(left, right) ? 1 : StringRef(left).edit_distance(right, /*AllowReplacements=*/true);
  size_t shorter = std::min(left.size(), right.size());
  bool holds = shorter >= 3 && (StringRef(left).contains(right) || StringRef(right).contains(left));
  if (edits <= std::max<size_t>(1, shorter / 3))
    return edits;
  return holds ? 100 + edits : HUGE_VAL;
}

std::string dlc::suggest(StringRef name, ArrayRef<StringRef> known) {
  double best = HUGE_VAL;
  StringRef closest;
  for (StringRef candidate : known)
    if (double steps = distance(name, candidate); steps < best)
      best = steps, closest = candidate;
  return closest.empty() ? "" : ("; did you mean '" + closest + "'?").str();
}
