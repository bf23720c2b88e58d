// SPDX-License-Identifier: Apache-2.0
/// \file
/// One function of kernels as a program on buffers.
#ifndef DLC_PASSES_MEMORY_PROGRAMBUILDER_H
#define DLC_PASSES_MEMORY_PROGRAMBUILDER_H

#include "analysis/MemoryPlan.h"
#include "ir/DlcDialect.h"
#include "passes/memory/ProgramTables.h"

namespace dlc {

/// What runs once, when a library is loaded; all functions add to it.
struct PrepackProgram {
  mlir::OpBuilder builder;
  mlir::Value constants, prepacked; ///< its arguments
  int64_t bytes = 0;                ///< of what it has computed so far
};

/// Applies `memory` to `graph`, which holds kernels, loops, reshapes, constants and a return only: writes the program
/// of `graph` before it, with its tensors where the plan has placed them, and adds to the tables what it refers to. The
/// kernels of the graph and of its loops lose their bodies to the table of kernels.
mlir::func::FuncOp buildProgram(mlir::func::FuncOp graph, MemoryPlan &memory, ProgramTables &tables,
                                PrepackProgram &prepack, bool shareMemory);

} // namespace dlc

#endif // DLC_PASSES_MEMORY_PROGRAMBUILDER_H
