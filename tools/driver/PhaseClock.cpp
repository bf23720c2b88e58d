// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/PhaseClock.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <unistd.h>

using namespace dlc;

PhaseClock::PhaseClock() : isTerminal(isatty(STDERR_FILENO)) {}
PhaseClock::~PhaseClock() { stop(); }

void PhaseClock::start(llvm::StringRef name) {
  stop();
  phases.push_back({name.str(), 0});
  begin = Clock::now();
  isRunning = true;
  if (isTerminal)
    llvm::errs() << "\r\033[K" << name << " ...";
}

void PhaseClock::stop() {
  if (!isRunning)
    return;
  isRunning = false;
  phases.back().seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  if (isTerminal)
    llvm::errs() << "\r\033[K";
}

void PhaseClock::print() const {
  double total = 0;
  for (const Phase &phase : phases) {
    llvm::errs() << llvm::format("%8.3f s  ", phase.seconds) << phase.name << '\n';
    total += phase.seconds;
  }
  llvm::errs() << llvm::format("%8.3f s  ", total) << "total\n";
}
