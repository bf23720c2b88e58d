// SPDX-License-Identifier: Apache-2.0
/// \file
/// Functions that tell sizes before a run.
#ifndef DLC_BACKENDS_LLVM_SIZEFUNCTIONS_H
#define DLC_BACKENDS_LLVM_SIZEFUNCTIONS_H

#include "backends/llvm/ProgramDescription.h"

namespace dlc {

/// Adds `workspace_bytes` of an entry point to `module`, and `output_shapes` where it computes the extents of outputs.
void createSizeFunctions(mlir::ModuleOp module, const EntryDescription &entry, mlir::Location location);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_SIZEFUNCTIONS_H
