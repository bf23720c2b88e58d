// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a profile says: where the time went, by launch, layer, kernel or kind, and beside the roof.
#ifndef DLC_PROFILE_SUMMARY_H
#define DLC_PROFILE_SUMMARY_H

#include "dlc/profile.h"
#include "profile/Roof.h"

#include <string>
#include <vector>

namespace dlc::profile {

/// What rows are summed by. A launch runs one kernel for one layer.
enum class Grouping { Launch, Layer, Kernel, Kind };

/// All calls of a launch or of a group of them.
struct SummaryRow {
  std::string entry;               ///< entry point
  std::string layer, kernel, kind; ///< what the row is not grouped by is empty if its launches differ in it
  std::string type;                ///< element type; empty if its launches differ in it
  double calls = 0;
  double seconds = 0;        ///< of the runs' time
  double busySeconds = 0;    ///< of all threads together
  double waitingSeconds = 0; ///< of threads that share the work
  double operations = 0, bytes = 0;
  /// The least seconds that its launches could take by the roof; 0 without a roof.
  double roofSeconds = 0;
  double predictedSeconds = 0; ///< that the cost model expects on one core; NaN if the library does not say
  std::string schedules;       ///< as in `dlc_launch_info`; empty if the launches differ in them

  /// Threads that have computed at a time, on average.
  double threads() const { return seconds > 0 ? busySeconds / seconds : 0; }
  /// The part of the threads' time in which they have waited.
  double waitingShare() const {
    double all = busySeconds + waitingSeconds;
    return all > 0 ? waitingSeconds / all : 0;
  }
};

/// One entry point.
struct SummaryEntry {
  std::string name;
  double runs = 0;
  double recordedRuns = 0;  ///< whose time was measured; sums count the others as their average
  double seconds = 0;       ///< of all runs
  double launchSeconds = 0; ///< of these, spent in launches
};

struct Summary {
  std::string model, target;
  unsigned threads = 1;
  std::vector<SummaryEntry> entries; ///< that have run
  std::vector<SummaryRow> launches;  ///< that have run, the longest first
  std::optional<Roof> roof;          ///< that launches are compared with
  /// What a clock around the runs has measured, in seconds; 0 if nobody has.
  double wallSeconds = 0;

  /// Sums up `profile`, which has been read.
  static Summary gather(const dlc_profile &profile, const std::optional<Roof> &roof);

  /// The launches summed by what they have in common, the longest first.
  std::vector<SummaryRow> groupBy(Grouping grouping) const;

  /// A table of at most 100 columns, `limit` rows of each entry point (0: all), and a line of totals.
  std::string toText(Grouping grouping, size_t limit = 0) const;
  /// All of it as one JSON object.
  std::string toJson() const;
};

} // namespace dlc::profile

#endif // DLC_PROFILE_SUMMARY_H
