// SPDX-License-Identifier: Apache-2.0
/// \file
/// One function of kernels as a program on buffers.
#ifndef DLC_PASSES_MEMORY_PROGRAMBUILDER_H
#define DLC_PASSES_MEMORY_PROGRAMBUILDER_H

#include "ir/DlcDialect.h"
#include "passes/memory/ArenaPlanner.h"
#include "passes/memory/ProgramTables.h"

namespace dlc {

/// What runs once, when a library is loaded; all functions add to it.
struct PrepareProgram {
  mlir::OpBuilder builder;
  mlir::Value constants, prepared; ///< its arguments
  int64_t bytes = 0;               ///< of what it has computed so far
};

struct Program {
  mlir::func::FuncOp function;
  llvm::SmallVector<ArenaBuffer> buffers; ///< intermediate tensors and their lives
};

/// Writes the program of `graph`, which holds kernels, reshapes, constants and a return only, before it. The graph's
/// kernels lose their bodies to `kernels`.
Program buildProgram(mlir::func::FuncOp graph, const SymbolicShapes &shapes, KernelTable &kernels, WeightTable &weights,
                     PrepareProgram &prepare, bool shareMemory);

} // namespace dlc

#endif // DLC_PASSES_MEMORY_PROGRAMBUILDER_H
