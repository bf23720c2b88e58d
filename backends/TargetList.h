// SPDX-License-Identifier: Apache-2.0
/// \file
/// A library for a CPU and a GPU, of which a context uses one.
#ifndef DLC_BACKENDS_TARGETLIST_H
#define DLC_BACKENDS_TARGETLIST_H

#include "backends/Target.h"

namespace dlc {

/// What a library is compiled for. It has a program for each of its targets.
struct TargetList {
  std::string name;             ///< as the user wrote it, "native" resolved
  Target main;                  ///< the only target, or that of a CPU
  std::optional<Target> device; ///< the GPU that contexts prefer to it; none if there is one target

  /// Reads the value of `--target`: one target, or a CPU's and a GPU's separated by a comma. On failure `error` says
  /// what is wrong.
  static std::optional<TargetList> parse(llvm::StringRef text, std::string &error);
};

} // namespace dlc

#endif // DLC_BACKENDS_TARGETLIST_H
