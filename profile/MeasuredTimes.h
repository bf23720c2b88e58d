// SPDX-License-Identifier: Apache-2.0
/// \file
/// The profiles that `dlc-run profile --json` prints, read again: for reports and comparisons.
#ifndef DLC_PROFILE_MEASUREDTIMES_H
#define DLC_PROFILE_MEASUREDTIMES_H

#include "profile/Roof.h"

#include <map>
#include <optional>
#include <string>
#include <tuple>

namespace dlc::profile {

/// What one run of an entry point has spent in one launch, on average.
struct MeasuredLaunch {
  double seconds = 0;
  double predictedSeconds = 0;      ///< what the cost model expects on one core; NaN if the library does not say
  double operations = 0, bytes = 0; ///< NaN if nobody knows
};

struct MeasuredTimes {
  std::string model;
  unsigned threads = 1;
  std::map<std::string, double> entrySeconds;                    ///< per run, by the name of the entry point
  using Key = std::tuple<std::string, std::string, std::string>; ///< the names of entry point, layer and kernel
  std::map<Key, MeasuredLaunch> launches;
  std::optional<Roof> roof; ///< that the profile was compared with

  /// Reads the file at `path`, which `dlc-run profile --json` (or `bench --profile --json`) has written. Throws Failure
  /// if it is something else.
  static MeasuredTimes read(const std::string &path);

  /// Null if the launch has not run.
  const MeasuredLaunch *find(const std::string &entry, const std::string &layer, const std::string &kernel) const;
};

} // namespace dlc::profile

#endif // DLC_PROFILE_MEASUREDTIMES_H
