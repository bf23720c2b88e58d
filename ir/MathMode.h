// SPDX-License-Identifier: Apache-2.0
/// \file
/// What algebra a compilation may change.
#ifndef DLC_IR_MATHMODE_H
#define DLC_IR_MATHMODE_H

#include "llvm/ADT/StringRef.h"
#include <optional>

namespace dlc {

enum class MathMode {
  Strict,  ///< IEEE: direct algorithms, no reordering beyond what a kernel states
  Default, ///< any order of sums, Winograd; NaN and infinity stay right
  Fast     ///< whatever pays
};

/// "strict", "default" or "fast".
std::optional<MathMode> parseMathMode(llvm::StringRef name);
llvm::StringRef getMathModeName(MathMode mode);

} // namespace dlc

#endif // DLC_IR_MATHMODE_H
