// SPDX-License-Identifier: Apache-2.0
/// \file
/// One function of kernels as a program on buffers.
#ifndef DLC_PASSES_MEMORY_PROGRAMBUILDER_H
#define DLC_PASSES_MEMORY_PROGRAMBUILDER_H

#include "ir/DlcDialect.h"
#include "passes/memory/MemoryPlan.h"

namespace dlc {

/// What runs once, when a library is loaded; all functions add to it.
struct PrepareProgram {
  mlir::OpBuilder builder;
  mlir::Value constants, prepared; ///< its arguments
  int64_t bytes = 0;               ///< of what it has computed so far
};

/// Writes the program of `graph`, which holds kernels, loops, reshapes, constants and a return only, before it, with
/// its tensors where `memory` has placed them. The kernels of the graph and of its loops lose their bodies to
/// `kernels`.
mlir::func::FuncOp buildProgram(mlir::func::FuncOp graph, MemoryPlan &memory, KernelTable &kernels,
                                PrepareProgram &prepare, bool shareMemory);

} // namespace dlc

#endif // DLC_PASSES_MEMORY_PROGRAMBUILDER_H
