// SPDX-License-Identifier: Apache-2.0
/// \file
/// The arguments of a program.
#ifndef DLC_PASSES_MEMORY_PROGRAMSIGNATURE_H
#define DLC_PASSES_MEMORY_PROGRAMSIGNATURE_H

#include "analysis/MemoryPlan.h"
#include "passes/memory/ProgramTables.h"

namespace dlc {

/// A program's function. Its arguments are the graph's inputs and outputs but for variables, the blocks (workspace,
/// constants, prepacked data, and variables if it has any), and one index for each symbol.
struct ProgramSignature {
  mlir::func::FuncOp function;
  llvm::SmallVector<unsigned>
      tensorNumbers;       ///< arguments by the graph's arguments and results; 0 for those that are not passed
  unsigned firstBlock = 0; ///< number of the argument that is the workspace
};

/// The empty program of `graph`, before it; attributes of its arguments say what each is. `memory` is the graph's plan.
ProgramSignature createProgram(mlir::func::FuncOp graph, MemoryPlan &memory, const VariableTable &variables,
                               mlir::AffineExpr workspaceBytes);

/// The checks of `all`, as `--dlc-check-extents` notes them, over the symbols `symbols` of a program.
mlir::ArrayAttr bindExtentChecks(ExtentChecksAttr all, llvm::ArrayRef<std::string> symbols);

} // namespace dlc

#endif // DLC_PASSES_MEMORY_PROGRAMSIGNATURE_H
