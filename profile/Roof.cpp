// SPDX-License-Identifier: Apache-2.0
#include "profile/Roof.h"

#include <algorithm>
#include <cmath>

using namespace dlc::profile;

double Rate::of(double threads, unsigned cores) const {
  if (threads <= 1 || cores <= 1)
    return one;
  double part = std::min((threads - 1) / (cores - 1), 1.0);
  return one + (all - one) * part;
}

std::optional<double> Roof::leastSeconds(const std::string &type, double operations, double bytes, double bytesAtOnce,
                                         double threads) const {
  double seconds = 0;
  // What has no instructions of its own is computed as f32.
  auto peak = gigaops.find(type == "u8" || type == "ui8" ? "i8" : type);
  if (peak == gigaops.end())
    peak = gigaops.find("f32");
  if (peak != gigaops.end() && operations > 0)
    seconds = operations / (peak->second.of(threads, cores) * 1e9);
  if (!memory.empty() && bytes > 0) {
    const MemoryLevel *level = &memory.back();
    for (const MemoryLevel &candidate : memory)
      if (candidate.bytes >= bytesAtOnce) {
        level = &candidate;
        break;
      }
    seconds = std::max(seconds, bytes / (level->gigabytes.of(threads, cores) * 1e9));
  }
  return seconds > 0 ? std::optional(seconds) : std::nullopt;
}
