// SPDX-License-Identifier: Apache-2.0
// Schedules of the steps of recurrent cells (see backends/halide/Recurrent.cpp).
#include "ir/Layout.h"
#include "ir/OpsLinear.h"
#include "passes/schedule/TileRules.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {

namespace {
struct CellTile {
  int64_t units = 0, rows = 0;
  double cycles = -1;
};
} // namespace

/// Cycles of a step with `tile`.
static double estimate(const CellTile &tile, const Machine &processor, int64_t lanes, int64_t gates, int64_t depth,
                       int64_t units, int64_t rows) {
  // What the second-level cache delivers of a stream that the first level cannot hold.
  constexpr double streamBytes = 32;
  int64_t vectors = gates * tile.units / lanes, accumulators = vectors * tile.rows;
  double step = std::max({accumulators / processor.multiplyAdds, (vectors + tile.rows) / processor.loads,
                          static_cast<double>(processor.latency), vectors * processor.vectorBytes / streamBytes});
  // Loop control, and at equal speed independent sums for processors that start more of them.
  step += 1 + 8.0 / accumulators;
  // Zeroing, activations and stores.
  double around = 20 + 10.0 * accumulators;
  double tiles = static_cast<double>(llvm::divideCeil(units, tile.units) * llvm::divideCeil(rows, tile.rows));
  return tiles * (step * depth + around);
}

/// Units whose weights fill the first-level cache, if the weights of all units are a little more than it holds; else 0.
/// Every second step then takes the parts in reverse, and finds the first one there: it arrives at the rate of that
/// cache, which the second level has half of. (What exceeds the second level gains nothing: the third is as fast.)
static int64_t chooseSweep(const Machine &processor, int64_t unitBytes, int64_t units, int64_t block) {
  constexpr int64_t mostParts = 4;
  int64_t part = processor.level1.bytes / (unitBytes * block) * block;
  return part > 0 && part < units && part * mostParts >= units ? part : 0;
}

ScheduleAttr tileRecurrent(const TileSubject &subject, const Machine &processor) {
  MLIRContext *context = subject.rootOp->getContext();
  Builder builder(context);
  auto finish = [&](llvm::StringRef algorithm, int64_t vector, int64_t split, int64_t grain, DictionaryAttr tiles) {
    return ScheduleAttr::get(context, builder.getStringAttr(algorithm), builder.getStringAttr(processor.name), vector,
                             split, grain, tiles);
  };
  auto product = llvm::cast<MatMulOp>(subject.rootOp);
  auto weight = llvm::cast<RankedTensorType>(product.getRhs().getType());
  LayoutAttr layout = getLayout(weight);
  if (subject.result.getRank() != 2 || weight.getRank() != 3 || !weight.hasStaticShape() || !layout ||
      !layout.getInnerTiles() || layout.getInnerTiles().size() != 1)
    return finish("plain", 1, -1, 1, {});
  int64_t gates = weight.getDimSize(0), depth = weight.getDimSize(1), units = weight.getDimSize(2);
  int64_t block = layout.getInnerTiles()[0], blocks = llvm::divideCeil(units, block);
  int64_t lanes = std::min(processor.getLanes(getElementBytes(weight.getElementType())), block);
  bool isDynamic = subject.result.isDynamicDim(0);
  // A batch that is known at run time: enough rows for a tile, or one.
  int64_t rows = isDynamic ? 24 : std::max<int64_t>(subject.result.getDimSize(0), 1);
  // Several rows use what they load from the second level often enough.
  int64_t sweep = rows == 1 || isDynamic
                      ? chooseSweep(processor, gates * depth * getElementBytes(weight.getElementType()), units, block)
                      : 0;
  CellTile best;
  auto consider = [&](int64_t size) {
    for (int64_t tileRows = 1; tileRows <= std::min<int64_t>(rows, 8); ++tileRows) {
      int64_t vectors = gates * size / lanes, accumulators = vectors * tileRows;
      // With one row weights are memory operands; else they, or the rows' state, stay in registers for a step.
      int64_t operands = tileRows == 1 ? 1 : std::min(vectors, tileRows) + 1;
      if (accumulators + operands > processor.registers && (tileRows > 1 || size > lanes))
        break;
      CellTile tile{size, tileRows, 0};
      tile.cycles = estimate(tile, processor, lanes, gates, depth, units, rows);
      if (best.cycles < 0 || tile.cycles < best.cycles)
        best = tile;
    }
  };
  // A part of a block, or several whole ones.
  for (int64_t size = lanes; size <= block; size += lanes)
    if (block % size == 0)
      consider(size);
  for (int64_t count = 2; count <= std::min<int64_t>(blocks, 8); ++count)
    if (blocks % count == 0 && sweep % (count * block) == 0)
      consider(count * block);
  auto number = [&](int64_t value) { return builder.getI64IntegerAttr(value); };
  llvm::SmallVector<NamedAttribute> named{builder.getNamedAttr("rows", number(best.rows)),
                                          builder.getNamedAttr("units", number(best.units))};
  if (sweep)
    named.push_back(builder.getNamedAttr("sweep", number(sweep)));
  DictionaryAttr tiles = builder.getDictionaryAttr(named);
  // Each thread keeps its own units, so its own part of the weights in its own cache.
  return finish("cell", lanes, units > best.units ? 1 : -1, best.units, tiles);
}

} // namespace dlc
