// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/WinogradCost.h"
#include "backends/cpu/RegisterTile.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

namespace dlc {

namespace {
/// What chunks read. Every chunk reads all weights, and for each block of channels its transformed inputs.
struct Traffic {
  explicit Traffic(const WinogradProblem &problem) {
    int64_t values = (problem.m + 2) * (problem.m + 2), elementBytes = 4;
    tileBytes = values * problem.inputChannels * problem.groups * elementBytes;
    weightBytes = values * problem.inputChannels * problem.channels * elementBytes;
    channelBlocks = std::max<int64_t>(problem.channels / problem.groups / winogradChannelBlock, 1);
    const Machine &machine = getReferenceMachine();
    areWeightsHeld = weightBytes <= machine.level3.bytes * 3 / 4;
    areWeightsNear = weightBytes <= machine.level2.bytes * 3 / 4;
    nearBytes = machine.level2.bytes * 75 / 128;
    farBytes = machine.level3.bytes / 2;
    // As long as the third-level cache holds the weights, chunks are so large that their transformed inputs leave room
    // in the second-level cache; beyond that, the fewer chunks the better.
    inputBytes = areWeightsHeld ? nearBytes : farBytes;
  }

  /// The bytes that come from beyond the second-level cache if `tiles` tiles are cut into chunks of `chunkTiles`.
  int64_t getFarBytes(int64_t tiles, int64_t chunkTiles) const {
    int64_t ofWeights = areWeightsNear ? 0 : tiles / chunkTiles * weightBytes;
    return ofWeights + (chunkTiles * tileBytes <= nearBytes ? 0 : channelBlocks * tiles * tileBytes);
  }

  int64_t tileBytes;     ///< of a tile of the transformed input
  int64_t weightBytes;   ///< transformed
  int64_t channelBlocks; ///< of a group
  int64_t nearBytes;     ///< of a chunk that stays in the second-level cache
  int64_t farBytes;      ///< of a chunk that stays in the third-level cache
  int64_t inputBytes;    ///< of a chunk, at most
  bool areWeightsHeld;   ///< by the third-level cache
  bool areWeightsNear;   ///< in the second-level cache
};
} // namespace

/// Of what one of two threads does, the useful part if ranges of channels repeat the transformation of the inputs: some
/// 150 cycles beside 36 per channel for the products.
static double getChannelShare(const WinogradProblem &problem) {
  return getSplitEfficiency(problem.channels / winogradChannelBlock) * (1 - 4.0 / problem.channels);
}

WinogradChunk chooseWinogradChunk(const WinogradProblem &problem) {
  int64_t columns = llvm::divideCeil(problem.width, problem.m), rows = llvm::divideCeil(problem.height, problem.m);
  Traffic traffic(problem);
  WinogradChunk chunk{1, 1, false};
  for (int64_t size = 1; size <= columns; ++size)
    if (columns % size == 0 && size * traffic.tileBytes <= traffic.inputBytes)
      chunk.columns = size;
  // A row of seven tiles fills the registers; shorter ones are joined.
  constexpr int64_t fillingColumns = 7;
  if (chunk.columns == columns && (columns < fillingColumns || !traffic.areWeightsHeld))
    for (int64_t size = 1; size <= rows; ++size)
      if (rows % size == 0 && size * columns * traffic.tileBytes <= traffic.inputBytes)
        chunk.rows = size;
  // Where weights are read from the third-level cache time and again, larger chunks pay if they save much of it, even
  // if their inputs come from there.
  int64_t tiles = columns * rows, farBytes = traffic.getFarBytes(tiles, chunk.columns * chunk.rows);
  bool isJoined = false;
  if (chunk.columns == columns && traffic.areWeightsHeld)
    for (int64_t size = chunk.rows + 1; size <= rows && size * columns * traffic.tileBytes <= traffic.farBytes; ++size)
      if (int64_t bytes = traffic.getFarBytes(tiles, size * columns); rows % size == 0 && bytes * 5 < farBytes * 4) {
        chunk.rows = size;
        farBytes = bytes;
        isJoined = true;
      }
  chunk.splitsChannels =
      !traffic.areWeightsHeld || isJoined || getChannelShare(problem) > getSplitEfficiency(rows / chunk.rows);
  return chunk;
}

WinogradChunk chooseOpenWinogradChunk(const WinogradProblem &problem) {
  Traffic traffic(problem);
  // Blocks of seven tiles, even if the last ones of a chunk are partly used, and several of them.
  constexpr int64_t fewTiles = 14, manyTiles = 112, manyChannels = 256;
  WinogradChunk chunk{std::clamp(traffic.inputBytes / traffic.tileBytes, fewTiles, manyTiles), 1, false};
  // Many channels are those of small images, which have few rows of tiles.
  chunk.splitsChannels = !traffic.areWeightsHeld || problem.channels >= manyChannels;
  return chunk;
}

int64_t chooseWinograd(const WinogradProblem &problem) {
  // Vectors of whole channels, and enough of them that the transformations are small beside the products.
  constexpr int64_t fewChannels = 32, smallImage = 12, smallestImage = 5;
  int64_t groupChannels = problem.channels / problem.groups;
  if (problem.inputChannels % 16 || groupChannels % winogradChannelBlock || problem.inputChannels < fewChannels)
    return 0;
  if (problem.height >= smallImage && problem.width >= smallImage)
    return 4;
  // Small images do not fill large tiles, and their weights, four times as many then, have too little use.
  return problem.height >= smallestImage && problem.width >= smallestImage ? 2 : 0;
}

bool paysTransformation(const WinogradProblem &problem, int64_t images) {
  // A pair of channels costs some 40 cycles to transform, most of them for memory, and saves 0.3 cycles per position.
  constexpr int64_t fewPositions = 192;
  return images * problem.height * problem.width >= fewPositions;
}

} // namespace dlc
