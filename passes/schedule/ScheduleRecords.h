// SPDX-License-Identifier: Apache-2.0
/// \file
/// Schedules that were found by measuring, in files of JSON.
#ifndef DLC_PASSES_SCHEDULE_SCHEDULERECORDS_H
#define DLC_PASSES_SCHEDULE_SCHEDULERECORDS_H

#include "analysis/ScheduleSpace.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <vector>

namespace dlc {

/// A schedule of one kernel on one machine.
struct ScheduleRecord {
  std::string kernel;  ///< getKernelFingerprint
  std::string machine; ///< the name of a row of targets/Machines.cpp
  SchedulePoint point;

  // What follows is for people; the compiler does not read it.
  std::string layer;       ///< of the model that was tuned
  std::string cpu;         ///< the processor that measured
  double microseconds = 0; ///< with this schedule
  double defaultTime = 0;  ///< microseconds with the schedule of `--dlc-tile`, in the same process
  int64_t candidates = 0;  ///< how many schedules were measured

  /// The time that this schedule takes of the default's.
  double getRatio() const { return defaultTime > 0 ? microseconds / defaultTime : 1; }
};

/// One record as JSON, and back; the position of what is wrong is reported to `path`.
llvm::json::Object toJSON(const ScheduleRecord &record);
bool fromJSON(const llvm::json::Value &value, ScheduleRecord &record, llvm::json::Path path);

/// Reads a file that writeRecords has written, or a person. The error says where in the file it is.
llvm::Expected<std::vector<ScheduleRecord>> readRecords(llvm::StringRef path);

/// The records as text, one to a line, so that files can be compared and merged by line.
std::string writeRecords(llvm::ArrayRef<ScheduleRecord> records);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_SCHEDULERECORDS_H
