// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a compilation is doing, and how long each part took.
#ifndef DLC_TOOLS_DRIVER_PHASECLOCK_H
#define DLC_TOOLS_DRIVER_PHASECLOCK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <chrono>
#include <string>
#include <vector>

namespace dlc {

/// Times phases, which follow one another, and names the present one on standard error if that is a terminal.
class PhaseClock {
public:
  struct Phase {
    std::string name;
    double seconds;
  };

  PhaseClock();
  ~PhaseClock();
  /// Ends the current phase and starts another.
  void start(llvm::StringRef name);
  /// Ends the last phase and clears the line on the terminal.
  void stop();
  llvm::ArrayRef<Phase> getPhases() const { return phases; }
  /// One line per phase to standard error.
  void print() const;

private:
  using Clock = std::chrono::steady_clock;
  bool isTerminal;
  bool isRunning = false;
  Clock::time_point begin;
  std::vector<Phase> phases;
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_PHASECLOCK_H
