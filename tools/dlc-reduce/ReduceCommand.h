// SPDX-License-Identifier: Apache-2.0
/// \file
/// `dlc reduce`: the smallest model that still fails.
#ifndef DLC_TOOLS_DLC_REDUCE_REDUCECOMMAND_H
#define DLC_TOOLS_DLC_REDUCE_REDUCECOMMAND_H

namespace dlc {

/// The command with its arguments; the exit status.
int runReduce(int argc, char **argv);

} // namespace dlc

#endif // DLC_TOOLS_DLC_REDUCE_REDUCECOMMAND_H
