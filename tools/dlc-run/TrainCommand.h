// SPDX-License-Identifier: Apache-2.0
/// \file
/// dlc-run train: its options.
#ifndef DLC_TOOLS_DLC_RUN_TRAINCOMMAND_H
#define DLC_TOOLS_DLC_RUN_TRAINCOMMAND_H

namespace dlcrun {

/// Runs `dlc-run train` with its arguments; the first one is not looked at. Returns the exit status, or throws Failure.
int trainModel(int argc, char **argv);

} // namespace dlcrun

#endif // DLC_TOOLS_DLC_RUN_TRAINCOMMAND_H
