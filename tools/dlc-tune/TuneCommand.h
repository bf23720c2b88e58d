// SPDX-License-Identifier: Apache-2.0
/// \file
/// dlc-tune: finds faster schedules of a model's kernels by measuring.
#ifndef DLC_TOOLS_DLCTUNE_TUNECOMMAND_H
#define DLC_TOOLS_DLCTUNE_TUNECOMMAND_H

namespace dlc {

/// Runs the command, whose name is `argv[0]`. Gives the exit status.
int runTune(int argc, char **argv);

} // namespace dlc

#endif // DLC_TOOLS_DLCTUNE_TUNECOMMAND_H
