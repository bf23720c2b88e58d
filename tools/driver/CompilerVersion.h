// SPDX-License-Identifier: Apache-2.0
/// \file
/// What this compiler calls itself.
#ifndef DLC_TOOLS_DRIVER_COMPILERVERSION_H
#define DLC_TOOLS_DRIVER_COMPILERVERSION_H

#include <string>

namespace dlc {

/// "dlc 0.1.0".
std::string getCompilerName();
/// The version with those of LLVM and Halide, for `--version`.
std::string getVersionText();

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_COMPILERVERSION_H
