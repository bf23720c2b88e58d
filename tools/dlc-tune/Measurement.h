// SPDX-License-Identifier: Apache-2.0
/// \file
/// Compiles and measures kernels, each in a process of its own.
#ifndef DLC_TOOLS_DLC_TUNE_MEASUREMENT_H
#define DLC_TOOLS_DLC_TUNE_MEASUREMENT_H

#include "tools/dlc-tune/ChildProcess.h"
#include "tools/dlc-tune/Signature.h"

namespace dlc::tune {

struct MeasurementOptions {
  unsigned threads = 1;
  double seconds = 0.2;       ///< for which a pair of libraries is run
  size_t weightBytes = 0;     ///< of the whole model: what a run reads between two uses of a weight
  std::string cacheDirectory; ///< of compiled kernels; empty: none
};

/// Starts to compile `module`, textual IR, to the shared library `path`.
std::unique_ptr<ChildProcess> startCompilation(const std::string &module, const std::string &path,
                                               const std::string &cacheDirectory);

/// Times of two libraries of one kernel, in microseconds per run: lower quartiles of runs that took turns.
struct Comparison {
  double reference = 0, candidate = 0;
};

/// Runs two libraries of `kernel` on the same random inputs, first to compare what they compute, then to time them. An
/// error if they compute different numbers, or one of them fails, crashes or hangs.
llvm::Expected<Comparison> compare(const Signature &signature, const std::string &reference,
                                   const std::string &candidate, const MeasurementOptions &options);

} // namespace dlc::tune

#endif // DLC_TOOLS_DLC_TUNE_MEASUREMENT_H
