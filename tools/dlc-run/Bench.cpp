// SPDX-License-Identifier: Apache-2.0
// dlc-run bench OUT.so
#include "tools/dlc-run/Profile.h"

#include <algorithm>
#include <cstdio>
#include <fstream>

using namespace dlcrun;

namespace {

/// The most memory that this process has had at once. What getrusage says may be the peak of the program that started
/// this one, before it became this one.
double peakKilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0)
      return std::strtod(line.c_str() + 6, nullptr);
  return 0;
}

/// Runs so short that reading the clock would count are timed in groups of at least so many seconds.
constexpr double shortestMeasured = 20e-6;

} // namespace

int dlcrun::benchmark(const Options &options) {
  double kilobytesBefore = peakKilobytes();
  Session session(options.library, options.entry);
  prepareRuns(session, options);
  if (options.hasDeviceTensors)
    session.moveTensorsToDevice();

  auto run = [&] {
    if (options.isReset)
      session.reset();
    session.run();
  };
  // The first run touches all memory, the second one says how many make a group.
  run();
  double start = secondsNow();
  run();
  double once = secondsNow() - start;
  size_t group = once < shortestMeasured ? static_cast<size_t>(shortestMeasured / std::max(once, 1e-8)) + 1 : 1;

  std::vector<double> milliseconds;
  double end = secondsNow() + options.seconds;
  while (milliseconds.size() < 3 || secondsNow() < end) {
    start = secondsNow();
    for (size_t i = 0; i < group; ++i)
      run();
    milliseconds.push_back((secondsNow() - start) * 1e3 / static_cast<double>(group));
  }
  double megabytes = (peakKilobytes() - kilobytesBefore) / 1024;
  std::optional<dlc::profile::Summary> profile;
  if (options.isProfiled || !options.trace.empty())
    profile = profileRuns(session, options, run);
  session.fetchOutputs();
  session.writeOutputs(options.outputs);
  size_t runs = milliseconds.size() * group;
  std::sort(milliseconds.begin(), milliseconds.end());
  size_t middle = milliseconds.size() / 2;
  double median =
      milliseconds.size() % 2 ? milliseconds[middle] : (milliseconds[middle - 1] + milliseconds[middle]) / 2;
  if (options.isJson)
    std::printf("{\"min_ms\": %.9g, \"median_ms\": %.9g, \"runs\": %zu, \"peak_mb\": %.6g%s}\n", milliseconds[0],
                median, runs, megabytes, profile ? (", \"profile\": " + profile->toJson()).c_str() : "");
  else
    std::printf("%s: %.6g ms (median of %zu runs), fastest %.6g ms, %.1f MB of memory\n", session.entry().name, median,
                runs, milliseconds[0], megabytes);
  if (profile && !options.isJson)
    std::printf("\n%s", profile->toText(getGrouping(options), options.rows).c_str());
  return 0;
}
