// SPDX-License-Identifier: Apache-2.0
#include "passes/schedule/WinogradCost.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>

namespace dlc {

WinogradTile chooseWinogradTile(int64_t m, int64_t inputChannels, int64_t channels, int64_t height, int64_t width,
                                const InstructionSet &set) {
  int64_t columns = llvm::divideCeil(width, m), rows = llvm::divideCeil(height, m);
  // Transformed inputs and products of one tile.
  int64_t tileBytes = (m + 2) * (m + 2) * (inputChannels + channels) * 4;
  int64_t lanes = set.getLanes(4), budget = set.registers - 4;
  WinogradTile best{};
  double bestCost = -1;
  for (int64_t chunkColumns = 1; chunkColumns <= columns; ++chunkColumns) {
    if (columns % chunkColumns)
      continue;
    for (int64_t chunkRows = 1; chunkRows <= rows; ++chunkRows) {
      if (rows % chunkRows || (chunkRows > 1 && chunkColumns != columns))
        continue;
      for (int64_t vectors : {1, 2, 4}) {
        if (vectors * lanes > 32 || channels % (vectors * lanes))
          continue;
        for (int64_t tileRows = 1; tileRows <= chunkRows; ++tileRows)
          for (int64_t tileColumns = 1; tileColumns <= chunkColumns && tileRows * tileColumns * vectors <= budget;
               ++tileColumns) {
            double steps = static_cast<double>(llvm::divideCeil(chunkColumns, tileColumns)) *
                           llvm::divideCeil(chunkRows, tileRows) / vectors;
            int64_t inputs = tileRows * tileColumns;
            double step =
                std::max({inputs * vectors / set.multiplyAdds, (inputs + vectors) / set.loads, 4.0}) + 0.02 * vectors;
            double cost = steps * step / (chunkColumns * chunkRows);
            // Weights come by once a chunk, at about 16 bytes a cycle; what does not fit the cache comes back slowly.
            int64_t tilesInChunk = chunkColumns * chunkRows;
            cost += (lanes * 4 / 16.0) / tilesInChunk;
            if (tilesInChunk * tileBytes > set.cacheBytes * 3 / 4)
              cost *= 1.15;
            if (bestCost < 0 || cost < bestCost) {
              bestCost = cost;
              best = {chunkColumns, chunkRows, tileColumns, tileRows, vectors * lanes};
            }
          }
      }
    }
  }
  return best;
}

int64_t chooseWinograd(int64_t inputChannels, int64_t channels, int64_t height, int64_t width) {
  // Vectors of whole channels, and enough of them that the transformations are small beside the products.
  if (inputChannels % 16 || channels % 32 || inputChannels < 32 || channels < 32)
    return 0;
  if (height >= 12 && width >= 12)
    return 4;
  return 0;
}

} // namespace dlc
