// SPDX-License-Identifier: Apache-2.0
/// \file
/// What schedules need to know of a processor.
#ifndef DLC_PASSES_SCHEDULE_PROCESSORMODEL_H
#define DLC_PASSES_SCHEDULE_PROCESSORMODEL_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace dlc {

/// A typical processor with an instruction set. Throughputs are a cycle's, of full vectors.
struct ProcessorModel {
  llvm::StringRef name;
  int64_t vectorBytes;
  int64_t registers;
  double multiplyAdds;       ///< started a cycle
  double loads;              ///< of vectors or broadcast scalars
  int64_t latency;           ///< of a multiply-add, in cycles
  bool broadcastsFromMemory; ///< a multiply-add takes a broadcast scalar as memory operand, without a register
  int64_t cacheBytes;        ///< of one core: the second level
  int64_t firstCacheBytes, firstCacheWays;

  /// Lanes of a vector of elements of `bytes` bytes.
  int64_t getLanes(int64_t bytes) const { return vectorBytes / (bytes < 4 ? 4 : bytes); }
};

/// "x86-64-v2", "x86-64-v3", "x86-64-v4", "x86-64-v4-bf16" or "aarch64".
std::optional<ProcessorModel> getProcessorModel(llvm::StringRef name);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_PROCESSORMODEL_H
