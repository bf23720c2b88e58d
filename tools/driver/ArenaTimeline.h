// SPDX-License-Identifier: Apache-2.0
/// \file
/// The tensors of a program's arena over time.
#ifndef DLC_TOOLS_DRIVER_ARENATIMELINE_H
#define DLC_TOOLS_DRIVER_ARENATIMELINE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <vector>

namespace dlc {

/// A tensor in the arena, from the first launch that touches it to the last one; where a loop touches what was there
/// before it, to the end of the loop. Symbols of the entry point count as 1.
struct ArenaSpan {
  int64_t offset = 0, bytes = 0;
  int64_t first = 0, last = 0; ///< numbers of launches, in program order
  std::string writer;          ///< name of the launch that first touches it
};

/// Reads the tensors from the views into the workspace of an entry point at the program level, and counts its launches.
/// Where the offset or the size of one depends on data, it is left out.
std::vector<ArenaSpan> traceArena(mlir::func::FuncOp entry, int64_t &launchCount);

/// The index that `value` is with symbols of 1, computed from constants and symbols. None for anything else.
std::optional<int64_t> evaluateIndex(mlir::Value value);

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_ARENATIMELINE_H
