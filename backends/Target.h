// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a library is compiled for: one machine, or several of one architecture, of which it selects one when it is
/// loaded.
#ifndef DLC_BACKENDS_TARGET_H
#define DLC_BACKENDS_TARGET_H

#include "targets/Device.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"
#include <memory>
#include <optional>
#include <string>

namespace dlc {

struct Target {
  /// How its machines were chosen.
  enum class Choice {
    Named,   ///< each is one that the user named
    Native,  ///< the preferred one of this CPU
    Portable ///< all that programs are compiled for by default
  };

  std::string name; ///< as the user wrote it, "native" resolved
  llvm::Triple triple;
  llvm::SmallVector<const Machine *, 3> machines; ///< rows of the table, in order of rising preference
  uint64_t requiredFeatures = 0;                  ///< `dlc_cpu_feature` bits without which no kernel runs
  Choice choice = Choice::Named;

  /// The GPU that kernels run on, the one row of `machines`; null on a CPU.
  const Device *device = nullptr;

  /// Reads the value of `--target`. On failure `error` says what is wrong and which name is closest.
  static std::optional<Target> parse(llvm::StringRef text, std::string &error);
  /// The target for a program with products of integers: where dlc chose the machines, those for such programs, too.
  Target withIntegerProducts() const;
  /// All values that `parse` accepts.
  static llvm::ArrayRef<llvm::StringRef> getNames();

  /// LLVM's code generator for the host program: the base of the architecture, position-independent code. Kernels carry
  /// their own CPU features.
  std::unique_ptr<llvm::TargetMachine> createTargetMachine() const;
};

} // namespace dlc

#endif // DLC_BACKENDS_TARGET_H
