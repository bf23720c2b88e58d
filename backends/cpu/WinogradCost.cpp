// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/WinogradCost.h"
#include "backends/cpu/RegisterTile.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

namespace dlc {

namespace {
/// What chunks share.
struct Traffic {
  explicit Traffic(const WinogradProblem &problem) {
    int64_t values = (problem.m + 2) * (problem.m + 2), elementBytes = 4;
    tileBytes = values * problem.inputChannels * problem.groups * elementBytes;
    int64_t weightBytes = values * problem.inputChannels * problem.channels * elementBytes;
    // Every chunk reads all weights. As long as the third-level cache holds them, chunks are so large that their
    // transformed inputs leave room in the second-level cache; beyond that, the fewer chunks the better.
    const Machine &machine = getReferenceMachine();
    areWeightsHeld = weightBytes <= machine.level3.bytes * 3 / 4;
    inputBytes = areWeightsHeld ? machine.level2.bytes * 75 / 128 : machine.level3.bytes / 2;
  }

  int64_t tileBytes;  ///< of the transformed input
  int64_t inputBytes; ///< of a chunk, at most
  bool areWeightsHeld;
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
  chunk.splitsChannels = !traffic.areWeightsHeld || getChannelShare(problem) > getSplitEfficiency(rows / chunk.rows);
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
