// SPDX-License-Identifier: Apache-2.0
/// \file
/// A page about one compilation.
#ifndef DLC_TOOLS_DRIVER_REPORT_H
#define DLC_TOOLS_DRIVER_REPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "tools/driver/ArenaTimeline.h"
#include "tools/driver/PhaseClock.h"

namespace dlc {

/// What the page says about one launch. Symbols of the entry point count as 1.
struct ReportedLaunch {
  std::string layer, kernel, family, result;
  std::vector<std::string> schedules; ///< one per instruction set
  int64_t operations = 0, bytes = 0;
};

/// What the page says, gathered at the program level.
struct Report {
  std::string model, target;
  std::vector<ReportedLaunch> launches;
  std::vector<ArenaSpan> arena;
  int64_t launchCount = 0;
  int64_t arenaBytes = 0, liveBytes = 0; ///< of the plan, and of the largest set of buffers that live at once
  int64_t weightBytes = 0, preparedBytes = 0;

  /// Reads a module at the program level.
  static Report gather(mlir::ModuleOp module);
  /// The page: one HTML file without references to others.
  std::string toHtml(llvm::ArrayRef<PhaseClock::Phase> phases) const;
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_REPORT_H
