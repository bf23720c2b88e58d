// SPDX-License-Identifier: Apache-2.0
/// \file
/// Everything that was measured, on disk, so that tuning goes on where it was stopped.
#ifndef DLC_TOOLS_DLC_TUNE_JOURNAL_H
#define DLC_TOOLS_DLC_TUNE_JOURNAL_H

#include "passes/schedule/ScheduleRecords.h"
#include <string>
#include <vector>

namespace dlc::tune {

/// One schedule that was measured, or that failed.
struct Trial {
  ScheduleRecord record;
  std::string problem; ///< why the schedule is of no use; empty: it works
};

/// A file with one trial to a line, each written as soon as it is known. A line that was cut short, by a kill or a full
/// disk, does not count.
class Journal {
public:
  /// What `path` holds of `threads` threads on the processor `cpu`: of other conditions times are not comparable.
  Journal(std::string path, std::string cpu, int64_t threads);

  const std::vector<Trial> &getTrials() const { return trials; }
  /// Why nothing can be appended; empty if it can.
  std::string findProblem() const;
  void append(const Trial &trial);

private:
  std::string path, cpu;
  int64_t threads;
  std::vector<Trial> trials;
  bool isCut = false; ///< the last line has no end
};

} // namespace dlc::tune

#endif // DLC_TOOLS_DLC_TUNE_JOURNAL_H
