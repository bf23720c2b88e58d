// SPDX-License-Identifier: Apache-2.0
#include "profile/RoofMeasurement.h"

using namespace dlc::profile;

Roof dlc::profile::measureRoof(void (*progress)(const std::string &what)) {
  Roof roof;
  roof.cpu = cpuName();
  roof.cores = countCores();
  auto measureBoth = [&](const std::string &what, const Workload &workload) {
    if (progress)
      progress(what);
    double one = measureRate(workload, 1);
    return Rate{one, roof.cores > 1 ? measureRate(workload, roof.cores) : one};
  };
  for (const auto &[type, workload] : peakWorkloads())
    roof.gigaops[type] = measureBoth(type, workload);
  for (const auto &[level, workload] : memoryWorkloads(roof.cores))
    roof.memory.push_back({level.name, level.bytes, measureBoth(level.name, workload)});
  return roof;
}
