// SPDX-License-Identifier: Apache-2.0
/// \file
/// The order of the passes: named phases from an imported graph to a program.
#ifndef DLC_PASSES_PIPELINES_H
#define DLC_PASSES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "passes/PipelineOptions.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace dlc {

/// Names of the phases in order; each can be asked for with --compile-to. "import" is what a frontend gives.
llvm::ArrayRef<llvm::StringRef> getPhaseNames();

/// Adds the passes of one phase ("graph", "layout", "kernels", "program") to `manager`, which runs on modules.
/// "import" and "llvm" have none here.
void addPhase(mlir::OpPassManager &manager, llvm::StringRef phase, const PipelineOptions &options);

/// Registers every pass and the pipeline `--dlc-compile` for dlc-opt.
void registerAllPasses();

} // namespace dlc

#endif // DLC_PASSES_PIPELINES_H
