// SPDX-License-Identifier: Apache-2.0
/// \file
/// When Winograd's algorithm pays, and how it is cut into chunks.
#ifndef DLC_PASSES_SCHEDULE_WINOGRADCOST_H
#define DLC_PASSES_SCHEDULE_WINOGRADCOST_H

#include "passes/schedule/InstructionSet.h"

namespace dlc {

/// Sizes in tiles (of m x m results) and channels.
struct WinogradTile {
  int64_t chunkColumns, chunkRows; ///< of a chunk, which divide the image's
  int64_t columns, rows, channels; ///< of the register tile
};

WinogradTile chooseWinogradTile(int64_t m, int64_t inputChannels, int64_t channels, int64_t height, int64_t width,
                                const InstructionSet &set);

/// The m of F(m x m, 3 x 3) for a convolution with these extents of the result, or 0 where the direct sum is faster.
int64_t chooseWinograd(int64_t inputChannels, int64_t channels, int64_t height, int64_t width);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_WINOGRADCOST_H
