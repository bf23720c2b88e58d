// SPDX-License-Identifier: Apache-2.0
// dlc-run roof
#include "profile/Formatting.h"
#include "profile/RoofMeasurement.h"
#include "tools/dlc-run/Commands.h"

#include <cstdio>
#include <unistd.h>

using namespace dlcrun;
using namespace dlc::profile;

static void showProgress(const std::string &what) {
  if (isatty(2))
    std::fprintf(stderr, "\rmeasuring %-10s\r", what.c_str());
}

int dlcrun::measureRoof(const Options &options) {
  std::string path = options.roof.empty() ? roofPath() : options.roof;
  if (path.empty())
    throw dlc::data::Failure("there is no folder for the roof: set HOME or XDG_CACHE_HOME, or give --file FILE.json");
  Roof roof = dlc::profile::measureRoof(showProgress);
  writeRoof(roof, path);
  std::printf("%s, %u %s\n", roof.cpu.c_str(), roof.cores, roof.cores == 1 ? "core" : "cores");
  std::printf("%-10s %12s %12s\n", "", "one core", "all cores");
  for (const auto &[type, rate] : roof.gigaops)
    std::printf("%-10s %5s GOP/s  %5s GOP/s\n", type.c_str(), alignRight(formatNumber(rate.one), 5).c_str(),
                alignRight(formatNumber(rate.all), 5).c_str());
  for (const MemoryLevel &level : roof.memory)
    std::printf("%-10s %6s GB/s  %6s GB/s%s\n", level.name.c_str(),
                alignRight(formatNumber(level.gigabytes.one), 6).c_str(),
                alignRight(formatNumber(level.gigabytes.all), 6).c_str(),
                level.bytes > 0 ? ("   " + formatNumber(level.bytes / 1024) + " KB").c_str() : "");
  std::printf("written to %s\n", path.c_str());
  return 0;
}
