// SPDX-License-Identifier: Apache-2.0
/// \file
/// The order of the passes: named phases from an imported graph to a program.
#ifndef DLC_PASSES_PIPELINES_H
#define DLC_PASSES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace dlc {

/// What algebra a pass may change.
enum class MathMode {
  Strict,  ///< IEEE: direct algorithms, no reordering beyond what a kernel states
  Default, ///< any order of sums, Winograd; NaN and infinity stay right
  Fast     ///< whatever pays
};

/// "strict", "default" or "fast".
std::optional<MathMode> parseMathMode(llvm::StringRef name);
llvm::StringRef getMathModeName(MathMode mode);

struct PipelineOptions {
  /// 0: every op its own plain kernel on row-major tensors; 1: layouts and schedules; 2 and 3: fusion, too.
  int optimizationLevel = 3;
  MathMode math = MathMode::Default;
  /// Instruction sets to make schedules for, the most basic first ("x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64").
  llvm::SmallVector<std::string> isas = {"x86-64-v3"};
  /// Make every kernel's result an output.
  bool keepTensors = false;
  /// Bytes that an entry point's variables and intermediate tensors may take; 0: any number.
  int64_t memoryLimit = 0;
  /// Parameters stay variables of the caller's, whose values may change between runs of an inference library.
  bool replaceableWeights = false;
};

/// Names of the phases in order; each can be asked for with --compile-to. "import" is what a frontend gives.
llvm::ArrayRef<llvm::StringRef> getPhaseNames();

/// Adds the passes of one phase ("graph", "layout", "kernels", "program") to `manager`, which runs on modules.
/// "import" and "llvm" have none here.
void addPhase(mlir::OpPassManager &manager, llvm::StringRef phase, const PipelineOptions &options);

/// Registers every pass and the pipeline `--dlc-compile` for dlc-opt.
void registerAllPasses();

} // namespace dlc

#endif // DLC_PASSES_PIPELINES_H
