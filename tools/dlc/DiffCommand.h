// SPDX-License-Identifier: Apache-2.0
/// \file
/// `dlc diff A B`: what two libraries differ in.
#ifndef DLC_TOOLS_DLC_DIFFCOMMAND_H
#define DLC_TOOLS_DLC_DIFFCOMMAND_H

namespace dlc {

/// Runs the command, whose name `argv[0]` is. Gives the exit status: 0 whether or not the libraries differ.
int runDiff(int argc, char **argv);

} // namespace dlc

#endif // DLC_TOOLS_DLC_DIFFCOMMAND_H
