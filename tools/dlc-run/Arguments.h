// SPDX-License-Identifier: Apache-2.0
/// \file
/// Parses a command line, with words for its mistakes.
#ifndef DLC_TOOLS_DLC_RUN_ARGUMENTS_H
#define DLC_TOOLS_DLC_RUN_ARGUMENTS_H

#include <CLI/CLI.hpp>
#include <map>
#include <optional>

namespace dlcrun {

/// Gives the options of `app` their values. Throws Failure after a mistake; an exit status means that help or a version
/// was asked for and printed. `hints`: what to say, instead of a guess, about an option that `app` does not have.
std::optional<int> parseArguments(CLI::App &app, int argc, char **argv,
                                  const std::map<std::string, std::string> &hints = {});

/// What --device takes.
constexpr const char *deviceHelp =
    "Where to compute: cpu, cuda, or cuda:1 for the GPU of that number; by default on the GPU if the library and the "
    "machine have what it takes, else on the CPU";

/// Rejects a model given instead of the library that `dlc COMPILER_OPTIONS` makes of it.
CLI::Validator expectLibrary(const std::string &compilerOptions = "");

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_ARGUMENTS_H
