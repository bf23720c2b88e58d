// SPDX-License-Identifier: Apache-2.0
/// \file
/// What work takes on a machine: the one place that turns operations and bytes into time, from the machine's row in
/// targets/Machines.cpp. Schedules, splits between threads, launches and recomputation all decide by it.
#ifndef DLC_ANALYSIS_MACHINECOST_H
#define DLC_ANALYSIS_MACHINECOST_H

#include "targets/Machine.h"

namespace dlc {

/// A launch that takes less on one core runs on the calling thread, and ranges for other threads are planned to take
/// this long at least: waking a sleeping worker takes 8 microseconds, a spinning one less.
constexpr int64_t parallelThresholdNanoseconds = 20000;

/// Multiply-adds that a cycle starts, in vectors of `lanes` elements of `elementBytes` bytes.
double getMultiplyAddVectors(const Machine &machine, int64_t lanes, int64_t elementBytes);

/// Operations on 4-byte elements that one core does in vectors of `lanes`: what register-tiled sums of products reach,
/// five sixths of what it starts. (A Zen 4 core with AVX-512: 100, measured 100.)
double getOperationsPerNanosecond(const Machine &machine, int64_t lanes);

/// Nanoseconds on one core in full vectors, with `bytes` from and to memory.
double getNanoseconds(const Machine &machine, double operations, double bytes);

/// One step of a sum of products whose `accumulators` vectors of `lanes` elements stay in registers.
struct SumStep {
  int64_t lanes, elementBytes;
  int64_t accumulators;
  int64_t loads;         ///< vectors and broadcast scalars
  int64_t streamedBytes; ///< of them, those that come from the second-level cache and are read once
};

/// Cycles of a step: the scarcest of multiply-adds, loads, the second-level cache, and the latency that the
/// accumulators have to hide.
double getCycles(const Machine &machine, const SumStep &step);

} // namespace dlc

#endif // DLC_ANALYSIS_MACHINECOST_H
