// SPDX-License-Identifier: Apache-2.0
/// \file
/// What passes are told about the whole compilation.
#ifndef DLC_PASSES_PIPELINEOPTIONS_H
#define DLC_PASSES_PIPELINEOPTIONS_H

#include "ir/MathMode.h"
#include "llvm/ADT/SmallVector.h"
#include <string>

namespace dlc {

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
  /// Files of schedules that were found by measuring, the most important last.
  llvm::SmallVector<std::string> records;
};

} // namespace dlc

#endif // DLC_PASSES_PIPELINEOPTIONS_H
