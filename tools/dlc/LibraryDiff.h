// SPDX-License-Identifier: Apache-2.0
/// \file
/// What two libraries differ in.
#ifndef DLC_TOOLS_DLC_LIBRARYDIFF_H
#define DLC_TOOLS_DLC_LIBRARYDIFF_H

#include "profile/LibraryContents.h"
#include "profile/MeasuredTimes.h"
#include <optional>

namespace dlc {

/// A library, and what was measured of it if a profile is given.
struct DiffSide {
  profile::LibraryContents contents;
  std::optional<profile::MeasuredTimes> measured;
};

/// Times of a launch in both libraries, in nanoseconds. NaN: not known.
struct DiffTimes {
  double before, after;
  /// By how much the second one is longer; 0 if one of them is not known.
  double getIncrease() const { return before >= 0 && after >= 0 ? after - before : 0; }
};

/// A launch that both libraries have, or one of them.
struct DiffLaunch {
  const profile::LaunchContents *before = nullptr, *after = nullptr; ///< null in the library that lacks it
  std::vector<std::string> changes; ///< what differs but for the times: "x86-64-v4: tiles.rows 6 -> 8"
  DiffTimes predicted, measured;

  const profile::LaunchContents &get() const { return before ? *before : *after; }
  bool isCommon() const { return before && after; }
};

struct LibraryDiff {
  const DiffSide &before, &after;
  std::vector<DiffLaunch> different; ///< the largest difference of times first
  size_t equal = 0;                  ///< launches without a difference
  DiffTimes predicted, measured;     ///< of all launches together

  /// Launches are the same if layer and kind are, the first of them with the first and so on. Both sides must outlive
  /// the result.
  static LibraryDiff compare(const DiffSide &before, const DiffSide &after);

  std::string toText() const;
  /// The same as one HTML file without references to others.
  std::string toHtml() const;
};

/// The parts of the schedules of two launches that differ: "x86-64-v3: rows 6 -> 8".
std::vector<std::string> compareSchedules(const std::string &before, const std::string &after);

} // namespace dlc

#endif // DLC_TOOLS_DLC_LIBRARYDIFF_H
