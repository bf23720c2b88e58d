// SPDX-License-Identifier: Apache-2.0
#include "ir/MathMode.h"
#include "llvm/ADT/StringSwitch.h"

namespace dlc {

std::optional<MathMode> parseMathMode(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<MathMode>>(name)
      .Case("strict", MathMode::Strict)
      .Case("default", MathMode::Default)
      .Case("fast", MathMode::Fast)
      .Default(std::nullopt);
}

llvm::StringRef getMathModeName(MathMode mode) {
  return mode == MathMode::Strict ? "strict" : mode == MathMode::Default ? "default" : "fast";
}

} // namespace dlc
