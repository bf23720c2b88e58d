// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/RegisterTile.h"
#include "analysis/MachineCost.h"
#include "llvm/Support/MathExtras.h"

namespace dlc {

/// Cycles of the whole problem with `tile`.
static double estimate(const RegisterTileProblem &problem, const Machine &processor, const RegisterTile &tile) {
  int64_t vectors = tile.columns / tile.lanes;
  int64_t inputs = tile.rows * problem.rowResults * tile.planes * problem.planeResults;
  int64_t accumulators = vectors * inputs;
  double step = getCycles(processor, {tile.lanes, problem.elementBytes, accumulators, vectors + inputs, 0});
  // Weights come from the second-level cache, inputs from the first: among equals, few loads, of weights above all.
  step += 0.06 * vectors + 0.015 * inputs;
  // With few rows weights come from memory, and a line of them that is read in parts comes more than once.
  constexpr int64_t fewRows = 8;
  bool isStreamed = problem.rows > 0 && problem.planes > 0 && problem.rows * problem.planes <= fewRows;
  if (isStreamed && tile.columns < problem.block && tile.columns < problem.columns)
    step *= 1.05;
  // More inputs than ways, all in the same set, evict each other in every step.
  if (problem.rowBytes > 0 && problem.rowBytes % (processor.level1.bytes / processor.level1.ways) == 0 &&
      inputs > processor.level1.ways)
    step *= 1.2;
  auto countTiles = [](int64_t extent, int64_t size) {
    return static_cast<double>(extent < 0 ? 64 / size : llvm::divideCeil(extent, size));
  };
  double tiles = countTiles(problem.columns, tile.columns) * countTiles(problem.rows, tile.rows) *
                 countTiles(problem.planes, tile.planes);
  // Zeroing, epilogue and stores, and what a loop costs.
  double around = 10 + 2.0 * accumulators;
  return tiles * (step * problem.depth + around);
}

RegisterTile chooseRegisterTile(const RegisterTileProblem &problem, const Machine &processor) {
  RegisterTile best;
  best.cycles = -1;
  int64_t fullLanes = processor.getLanes(problem.elementBytes);
  int64_t columns = problem.columns < 0 ? 4 * fullLanes : problem.columns;
  for (int64_t lanes = fullLanes; lanes >= std::min<int64_t>(4, fullLanes); lanes /= 2)
    for (int64_t vectors = 1; vectors <= 8; ++vectors) {
      RegisterTile tile;
      tile.lanes = lanes;
      tile.columns = vectors * lanes;
      if (vectors > 1 && tile.columns - lanes >= columns)
        break;
      bool isInFirstBlock = columns <= tile.columns && tile.columns <= problem.block;
      if (problem.block && !isInFirstBlock && problem.block % tile.columns != 0 && tile.columns % problem.block != 0)
        continue;
      if (problem.columnsDivide && problem.columnsDivide % tile.columns != 0)
        continue;
      // The last block of unpacked columns cannot be read beyond its end.
      if (!problem.block && columns % tile.columns != 0)
        continue;
      for (tile.planes = 1;
           tile.planes <= (problem.planes < 0 ? 1 : std::min<int64_t>(problem.planes, problem.mostPlanes));
           ++tile.planes)
        for (tile.rows = 1; tile.rows <= (problem.rows < 0 ? 8 : std::min(problem.rows, problem.mostRows));
             ++tile.rows) {
          int64_t accumulators = vectors * tile.rows * tile.planes * problem.rowResults * problem.planeResults;
          if (problem.mustDivide && (problem.rows % tile.rows != 0 || problem.planes % tile.planes != 0))
            continue;
          bool isMinimal = vectors == 1 && tile.rows == 1 && tile.planes == 1;
          int64_t inputRegisters = processor.broadcastsFromMemory && !problem.needsInputRegister ? 0 : 1;
          if (accumulators + vectors + inputRegisters > processor.registers && !isMinimal)
            break;
          tile.cycles = estimate(problem, processor, tile);
          if (best.cycles < 0 || tile.cycles < best.cycles)
            best = tile;
        }
    }
  return best;
}

double getSplitEfficiency(int64_t parts) {
  if (parts <= 1)
    return 0;
  double sum = 0;
  for (int64_t threads : {2, 4})
    sum += parts / (static_cast<double>(llvm::divideCeil(parts, threads)) * threads);
  return sum / 2;
}

} // namespace dlc
