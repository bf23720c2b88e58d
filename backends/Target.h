// SPDX-License-Identifier: Apache-2.0
/// \file
/// The machines that dlc compiles for.
#ifndef DLC_BACKENDS_TARGET_H
#define DLC_BACKENDS_TARGET_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include <memory>
#include <optional>
#include <string>

namespace dlc {

/// One instruction set that kernels are compiled for.
struct InstructionSet {
  std::string name;         ///< as in `#dlc.schedule`: "x86-64-v3", "aarch64", ...
  int level = 0;            ///< the runtime's `dlc_rt_isa_level` from which on it may run
  int64_t vectorBytes = 16; ///< of one vector register
  int64_t vectorRegisters = 16;
};

/// Data caches of one core, in bytes; the last level is what one core may count on.
struct CacheSizes {
  int64_t level1 = 32 << 10;
  int64_t level2 = 512 << 10;
  int64_t level3 = 8 << 20;
};

struct Target {
  std::string name; ///< as the user wrote it, "native" resolved
  llvm::Triple triple;
  llvm::SmallVector<InstructionSet, 3> isas; ///< by rising level; several: chosen by cpuid at load
  CacheSizes caches;
  uint64_t requiredFeatures = 0; ///< `dlc_cpu_feature` bits without which no kernel runs

  /// Reads the value of `--target`. On failure `error` says what is wrong and what is nearest.
  static std::optional<Target> parse(llvm::StringRef text, std::string &error);
  /// All values that `parse` takes.
  static llvm::ArrayRef<llvm::StringRef> getNames();

  /// LLVM's code generator for the host program: the base of the architecture, position-independent code. Kernels carry
  /// their own CPU features.
  std::unique_ptr<llvm::TargetMachine> createTargetMachine() const;
};

} // namespace dlc

#endif // DLC_BACKENDS_TARGET_H
