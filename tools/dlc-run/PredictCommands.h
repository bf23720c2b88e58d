// SPDX-License-Identifier: Apache-2.0
/// \file
/// dlc-run predict and dlc-run evaluate.
#ifndef DLC_TOOLS_DLC_RUN_PREDICTCOMMANDS_H
#define DLC_TOOLS_DLC_RUN_PREDICTCOMMANDS_H

namespace dlcrun {

/// Each runs its command with its arguments, of which the first one is not looked at. Returns the exit status, or
/// throws Failure.
int predictRows(int argc, char **argv);
int evaluateRows(int argc, char **argv);

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_PREDICTCOMMANDS_H
