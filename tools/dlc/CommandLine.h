// SPDX-License-Identifier: Apache-2.0
/// \file
/// The options of dlc.
#ifndef DLC_TOOLS_DLC_COMMANDLINE_H
#define DLC_TOOLS_DLC_COMMANDLINE_H

#include "tools/driver/CompileOptions.h"
#include <optional>

namespace dlc {

struct CommandLine {
  CompileOptions compile;
  bool listTargets = false;
  bool emitJsonSchema = false;
};

/// Reads the command line. Nothing if the program is to exit at once with `exitStatus`: help or the version is printed,
/// or an error with the nearest option for a misspelt one.
std::optional<CommandLine> parseCommandLine(int argc, char **argv, int &exitStatus);

} // namespace dlc

#endif // DLC_TOOLS_DLC_COMMANDLINE_H
