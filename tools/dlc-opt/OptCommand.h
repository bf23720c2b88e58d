// SPDX-License-Identifier: Apache-2.0
/// \file
/// dlc-opt: runs any pass on textual IR.
#ifndef DLC_TOOLS_DLCOPT_OPTCOMMAND_H
#define DLC_TOOLS_DLCOPT_OPTCOMMAND_H

namespace dlc {

/// Runs the command, whose name is `argv[0]`. Gives the exit status.
int runOpt(int argc, char **argv);

} // namespace dlc

#endif // DLC_TOOLS_DLCOPT_OPTCOMMAND_H
