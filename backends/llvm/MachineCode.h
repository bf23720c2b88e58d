// SPDX-License-Identifier: Apache-2.0
/// \file
/// LLVM's passes over modules, down to machine code.
#ifndef DLC_BACKENDS_LLVM_MACHINECODE_H
#define DLC_BACKENDS_LLVM_MACHINECODE_H

#include "llvm/IR/Module.h"
#include "llvm/Passes/OptimizationLevel.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"
#include <string>

namespace dlc {

/// Runs LLVM's default passes for -O2, or another level.
void optimize(llvm::Module &module, llvm::TargetMachine &machine,
              llvm::OptimizationLevel level = llvm::OptimizationLevel::O2);

/// For a module whose files were optimized before they became one: what has become possible since, in a sixth of the
/// time of the default passes.
void optimizeAcrossFiles(llvm::Module &module, llvm::TargetMachine &machine);

/// Optimizes a program, whose entry points run most of their instructions once: by the default passes or, if they would
/// take seconds, by a few. The longest functions are then translated to machine code instruction by instruction.
void optimizeProgram(llvm::Module &module, llvm::TargetMachine &machine);

/// Removes functions and variables that nothing visible needs.
void removeUnused(llvm::Module &module, llvm::TargetMachine &machine);

/// Lets debuggers and profilers unwind through every function.
void addUnwindTables(llvm::Module &module);

/// Generates an object file or assembly.
llvm::Expected<std::string> emitCode(llvm::Module &module, llvm::TargetMachine &machine,
                                     llvm::CodeGenFileType fileType);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_MACHINECODE_H
