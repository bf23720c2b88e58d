// SPDX-License-Identifier: Apache-2.0
/// \file
/// What processors compute and read per nanosecond, for predictions of time. Unlike a row of Machines.cpp, which is an
/// instruction set with a typical machine, a row here is a processor.
#ifndef DLC_TARGETS_MACHINERATES_H
#define DLC_TARGETS_MACHINERATES_H

#include "targets/Machine.h"
#include <array>
#include <string>

namespace dlc {

/// A level of the cache, of which one core uses `bytes`.
struct CacheRate {
  int64_t bytes = 0;
  double bytesPerNanosecond = 1; ///< that one core reads from it
};

/// The rates of one core.
struct MachineRates {
  std::string name;                   ///< as LLVM names the processor
  std::string summary;                ///< for documents
  double operationsPerNanosecond = 1; ///< on f32, in full vectors; a multiply-add is two
  std::array<CacheRate, 3> caches;    ///< from the nearest on
  double memoryBytesPerNanosecond = 1;

  /// Bytes per nanosecond from the nearest level that holds `bytes`.
  double getBandwidth(double bytes) const;
};

/// All rows.
llvm::ArrayRef<MachineRates> getMachineRates();

/// The row of the processor that LLVM calls `name`; null if there is none.
const MachineRates *findMachineRates(llvm::StringRef name);

/// The row of a typical machine with the instruction set of `machine`.
const MachineRates &getTypicalRates(const Machine &machine);

/// The row of the processor that LLVM calls `name` and that has the instruction set of `machine`: its own, that of a
/// processor with like cores, or the typical one.
const MachineRates &chooseMachineRates(llvm::StringRef name, const Machine &machine);

/// A table of all rows in Markdown.
std::string describeMachineRates();

} // namespace dlc

#endif // DLC_TARGETS_MACHINERATES_H
