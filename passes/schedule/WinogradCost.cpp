// SPDX-License-Identifier: Apache-2.0
#include "passes/schedule/WinogradCost.h"
#include "passes/schedule/RegisterTile.h"
#include "llvm/Support/MathExtras.h"

namespace dlc {

WinogradChunk chooseWinogradChunk(const WinogradProblem &problem) {
  int64_t m = problem.m, values = (m + 2) * (m + 2), elementBytes = 4;
  int64_t columns = llvm::divideCeil(problem.width, m), rows = llvm::divideCeil(problem.height, m);
  int64_t tileBytes = values * problem.inputChannels * problem.groups * elementBytes;
  int64_t weightBytes = values * problem.inputChannels * problem.channels * elementBytes;
  // Every chunk reads all weights. As long as the third-level cache holds them, chunks are so large that their
  // transformed inputs leave room in the second-level cache; beyond that, the fewer chunks the better.
  const Machine &machine = getReferenceMachine();
  int64_t heldBytes = machine.level3.bytes * 3 / 4, cachedInputBytes = machine.level2.bytes * 75 / 128,
          largestInputBytes = machine.level3.bytes / 2;
  bool areWeightsHeld = weightBytes <= heldBytes;
  int64_t inputBytes = areWeightsHeld ? cachedInputBytes : largestInputBytes;
  WinogradChunk chunk{1, 1, false};
  for (int64_t size = 1; size <= columns; ++size)
    if (columns % size == 0 && size * tileBytes <= inputBytes)
      chunk.columns = size;
  // A row of seven tiles fills the registers; shorter ones are joined.
  constexpr int64_t fillingColumns = 7;
  if (chunk.columns == columns && (columns < fillingColumns || !areWeightsHeld))
    for (int64_t size = 1; size <= rows; ++size)
      if (rows % size == 0 && size * columns * tileBytes <= inputBytes)
        chunk.rows = size;
  // Ranges of channels repeat the transformation of the inputs, some 150 cycles beside 36 per channel for the products.
  double channelShare = getSplitEfficiency(problem.channels / winogradChannelBlock) * (1 - 4.0 / problem.channels);
  chunk.splitsChannels = !areWeightsHeld || channelShare > getSplitEfficiency(rows / chunk.rows);
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
  constexpr int64_t fewPlaces = 192;
  return images * problem.height * problem.width >= fewPlaces;
}

} // namespace dlc
