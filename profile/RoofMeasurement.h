// SPDX-License-Identifier: Apache-2.0
/// \file
/// Loops whose speed is the machine's: of arithmetic, and of reading memory.
#ifndef DLC_PROFILE_ROOFMEASUREMENT_H
#define DLC_PROFILE_ROOFMEASUREMENT_H

#include "profile/Roof.h"

#include <functional>
#include <utility>

namespace dlc::profile {

/// Measures this machine; takes about three seconds. `progress` is told what is being measured.
Roof measureRoof(void (*progress)(const std::string &what) = nullptr);

/// What one thread does, again and again: a call does `amount` units of work (operations, or bytes). A thread makes one
/// for itself by `make`, before time counts.
struct Workload {
  std::function<std::function<void()>()> make;
  double amount;
};

/// CPUs that this process may use.
unsigned countCores();

/// 10^9 units per second that `threads` threads do at once, each a workload of its own: the best of a few attempts.
double measureRate(const Workload &workload, unsigned threads);

/// One per element type for which this CPU has instructions: as many of the widest multiply-adds (or dot products) as
/// fit its registers, none of which waits for another.
std::vector<std::pair<std::string, Workload>> peakWorkloads();

/// One per level of the cache that the system tells of, and one for memory: reading a block that is well inside the
/// level, but far too large for the one before.
std::vector<std::pair<MemoryLevel, Workload>> memoryWorkloads(unsigned cores);

} // namespace dlc::profile

#endif // DLC_PROFILE_ROOFMEASUREMENT_H
