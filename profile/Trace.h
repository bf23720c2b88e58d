// SPDX-License-Identifier: Apache-2.0
/// \file
/// What each thread did when, as Chrome's and Perfetto's trace format has it.
#ifndef DLC_PROFILE_TRACE_H
#define DLC_PROFILE_TRACE_H

#include "dlc/profile.h"

#include <string>
#include <vector>

namespace dlc::profile {

/// Keeps the events of whole runs until there are `limit`.
class Trace {
public:
  explicit Trace(size_t limit = 200000) : limit(limit) {}

  /// Becomes the visitor of `profile`, which may be released before it; the library stays open.
  void attach(dlc_profile &profile);

  /// Writes what was kept to `path` as a JSON object with the array `traceEvents`: complete events ("ph": "X") with
  /// times in microseconds, one track per thread. Throws Failure.
  void write(const std::string &path) const;

  size_t size() const { return events.size(); }

private:
  struct Launch {
    std::string layer, kernel, kind;
  };
  struct Event {
    dlc_uint32 kind, thread;
    double start, nanoseconds, share; ///< as in dlc_profile_event
    const dlc_entry_point *entry;
    size_t launch; ///< in `launches`, if it is one
  };

  static void keep(void *self, const dlc_profile_event *event);
  std::string describe(const Event &event) const;

  size_t limit;
  size_t wholeRuns = 0; ///< events of runs that are complete
  bool isFull = false;
  std::vector<Event> events;
  std::vector<Launch> launches;
  const dlc_profile *profile = nullptr; ///< while it is being read
  const dlc_model *model = nullptr;
};

} // namespace dlc::profile

#endif // DLC_PROFILE_TRACE_H
