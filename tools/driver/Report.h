// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a page about one compilation shows, gathered at the program level. Symbols of entry points count as 1.
#ifndef DLC_TOOLS_DRIVER_REPORT_H
#define DLC_TOOLS_DRIVER_REPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "profile/MeasuredTimes.h"
#include "tools/driver/ArenaTimeline.h"
#include "tools/driver/PhaseClock.h"

namespace dlc {

/// What a launch reads that another one has written, or the caller has given.
struct ReportedOperand {
  int64_t producer = -1; ///< number of the launch in its entry point; -1: the caller
  std::string name;      ///< the layer that has computed it, or the name of the input
  int64_t bytes = 0;     ///< 0 if they depend on data
};

struct ReportedLaunch {
  std::string layer, kernel, kind, result;
  std::vector<std::string> ops;       ///< of the kernel's body, in program order, without "dlc."
  std::vector<std::string> schedules; ///< one per instruction set
  std::vector<ReportedOperand> operands;
  std::vector<std::string> outputs; ///< of the entry point that it writes
  int64_t constantBytes = 0;        ///< weights that it reads
  double operations = 0, bytes = 0, predictedNanoseconds = 0;
};

struct ReportedEntry {
  std::string name;
  std::vector<ReportedLaunch> launches;
  std::vector<ArenaSpan> arena;
  int64_t arenaBytes = 0; ///< of the plan
};

/// The rates that the predictions assume.
struct ReportedMachine {
  std::string name;
  double operationsPerNanosecond = 1;                     ///< that vectors of f32 do at most
  std::vector<std::pair<std::string, double>> bandwidths; ///< bytes per nanosecond, by the level
};

struct Report {
  std::string model, target;
  std::vector<ReportedEntry> entries;
  ReportedMachine machine;
  std::vector<std::pair<std::string, int64_t>> sizes; ///< name and bytes
  int64_t arenaBytes = 0, liveBytes = 0; ///< of the largest plan, and of its largest set of tensors that live at once
  std::optional<profile::MeasuredTimes> measured;

  /// Reads a module at the program level.
  static Report gather(mlir::ModuleOp module);
  /// The page: one HTML file without references to others.
  std::string toHtml(llvm::ArrayRef<PhaseClock::Phase> phases) const;
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_REPORT_H
