// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which schedules of a kernel are worth measuring.
#ifndef DLC_TOOLS_DLC_TUNE_SCHEDULESEARCH_H
#define DLC_TOOLS_DLC_TUNE_SCHEDULESEARCH_H

#include "analysis/KernelSchedules.h"
#include <deque>
#include <random>
#include <set>

namespace dlc::tune {

/// Walks through the legal schedules of one kernel: from the compiler's choice to its neighbours, from what is faster
/// to the neighbours of that, and to a sample of all others. The dimension that threads split stays as it is, for it is
/// the same on all machines of a library.
class ScheduleSearch {
public:
  /// `registers`: those of the machine; tiles that fit come first.
  ScheduleSearch(const KernelSchedules &space, int64_t registers, uint64_t seed);

  /// The next schedule, never one that was given or reported before; none if nothing is left.
  std::optional<SchedulePoint> next();
  /// What `point` takes of the time of the compiler's choice; infinity if it does not work.
  void report(const SchedulePoint &point, double ratio);

  const SchedulePoint &getBest() const { return best; }
  double getBestRatio() const { return bestRatio; }
  int64_t getCount() const { return count; }

private:
  void addNeighbours(const SchedulePoint &point, bool first);
  void addSample();
  void add(SchedulePoint point, std::vector<SchedulePoint> &list);
  void enqueue(std::vector<SchedulePoint> list, bool first);

  const KernelSchedules &space;
  int64_t registers;
  std::mt19937_64 random;
  std::deque<SchedulePoint> waiting;
  std::set<std::string> seen;
  SchedulePoint best;
  double bestRatio = 1;
  int64_t count = 0;
  bool isSampled = false;
};

/// `point` in one line: `direct, vectors of 16, columns 32, rows 14, planes 1`.
std::string describePoint(const SchedulePoint &point);

} // namespace dlc::tune

#endif // DLC_TOOLS_DLC_TUNE_SCHEDULESEARCH_H
