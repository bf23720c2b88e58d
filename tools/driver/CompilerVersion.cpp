// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/CompilerVersion.h"
#include "Halide.h"
#include "llvm/Config/llvm-config.h"

std::string dlc::getCompilerName() { return "dlc " DLC_VERSION; }

std::string dlc::getVersionText() {
  return getCompilerName() + " (LLVM " LLVM_VERSION_STRING ", Halide " + std::to_string(HALIDE_VERSION_MAJOR) + "." +
         std::to_string(HALIDE_VERSION_MINOR) + "." + std::to_string(HALIDE_VERSION_PATCH) + ")";
}
