// SPDX-License-Identifier: Apache-2.0
/// \file
/// When Winograd's algorithm pays, and how it is cut into chunks.
#ifndef DLC_BACKENDS_CPU_WINOGRADCOST_H
#define DLC_BACKENDS_CPU_WINOGRADCOST_H

#include <cstdint>

namespace dlc {

/// A convolution that is computed in tiles of m x m results.
struct WinogradProblem {
  int64_t m;
  int64_t inputChannels; ///< of a group
  int64_t channels;      ///< of the result, all groups
  int64_t groups;
  int64_t height, width; ///< of the result
};

/// How it is cut: sizes in tiles.
struct WinogradChunk {
  int64_t columns, rows; ///< divide the image's
  bool splitsChannels;   ///< threads take ranges of channels, not of rows of chunks
};

/// Channels whose products are computed before they are transformed.
constexpr int64_t winogradChannelBlock = 32;

/// The same for all instruction sets.
WinogradChunk chooseWinogradChunk(const WinogradProblem &problem);

/// The same where a run decides the image's extents: a chunk is as many whole rows of tiles as have about
/// `chunk.columns` tiles, at least one row.
WinogradChunk chooseOpenWinogradChunk(const WinogradProblem &problem);

/// The m of F(m x m, 3 x 3), or 0 where the direct sum is faster; `problem.m` is not read.
int64_t chooseWinograd(const WinogradProblem &problem);

/// Whether what the algorithm saves is more than transforming the weights in every run costs, for `images` images.
bool paysTransformation(const WinogradProblem &problem, int64_t images);

} // namespace dlc

#endif // DLC_BACKENDS_CPU_WINOGRADCOST_H
