// SPDX-License-Identifier: Apache-2.0
#include "passes/schedule/ProcessorModel.h"

namespace dlc {

std::optional<ProcessorModel> getProcessorModel(llvm::StringRef name) {
  constexpr int64_t kilobyte = 1024;
  static const ProcessorModel processors[] = {
      // Without fused multiply-adds each is two instructions.
      {"x86-64-v2", 16, 16, 1, 2, 7, false, 256 * kilobyte, 32 * kilobyte, 8},
      {"x86-64-v3", 32, 16, 2, 2, 4, false, 512 * kilobyte, 32 * kilobyte, 8},
      {"x86-64-v4", 64, 32, 1, 2, 4, true, 1024 * kilobyte, 32 * kilobyte, 8},
      {"x86-64-v4-bf16", 64, 32, 1, 2, 4, true, 1024 * kilobyte, 32 * kilobyte, 8},
      {"aarch64", 16, 32, 2, 2, 4, false, 512 * kilobyte, 64 * kilobyte, 4},
  };
  for (const ProcessorModel &processor : processors)
    if (processor.name == name)
      return processor;
  return std::nullopt;
}

} // namespace dlc
