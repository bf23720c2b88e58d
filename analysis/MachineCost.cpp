// SPDX-License-Identifier: Apache-2.0
#include "analysis/MachineCost.h"
#include <algorithm>

namespace dlc {

double getMultiplyAddVectors(const Machine &machine, int64_t lanes, int64_t elementBytes) {
  bool isNarrow = lanes < machine.getLanes(elementBytes);
  return isNarrow && machine.halvesAreAsFast ? 2 * machine.multiplyAdds : machine.multiplyAdds;
}

double getOperationsPerNanosecond(const Machine &machine, int64_t lanes) {
  // A multiply-add is two operations.
  double started = 2 * static_cast<double>(lanes) * getMultiplyAddVectors(machine, lanes, 4) * machine.gigahertz;
  return started * 5 / 6;
}

double getNanoseconds(const Machine &machine, double operations, double bytes) {
  return operations / getOperationsPerNanosecond(machine, machine.getLanes(4)) +
         bytes / machine.memoryBytesPerNanosecond;
}

double getCycles(const Machine &machine, const SumStep &step) {
  return std::max(
      {static_cast<double>(step.accumulators) / getMultiplyAddVectors(machine, step.lanes, step.elementBytes),
       static_cast<double>(step.loads) / machine.loads,
       static_cast<double>(step.streamedBytes) * machine.gigahertz / machine.level2.bytesPerNanosecond,
       static_cast<double>(machine.latency)});
}

} // namespace dlc
