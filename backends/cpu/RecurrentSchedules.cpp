// SPDX-License-Identifier: Apache-2.0
// Schedules of the steps of recurrent cells (see backends/halide/Recurrent.cpp).
#include "analysis/MachineCost.h"
#include "backends/cpu/CpuSchedules.h"
#include "ir/Layout.h"
#include "ir/OpsLinear.h"
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
static double estimate(const CellTile &tile, const Machine &machine, int64_t lanes, int64_t elementBytes, int64_t gates,
                       int64_t depth, int64_t units, int64_t rows) {
  int64_t vectors = gates * tile.units / lanes, accumulators = vectors * tile.rows;
  // The first level cannot hold the stream of weights.
  double step =
      getCycles(machine, {lanes, elementBytes, accumulators, vectors + tile.rows, vectors * machine.vectorBytes});
  // Loop control, and at equal speed independent sums for processors that start more of them.
  step += 1 + 8.0 / accumulators;
  // Zeroing, activations and stores.
  double around = 20 + 10.0 * accumulators;
  double tiles = static_cast<double>(llvm::divideCeil(units, tile.units) * llvm::divideCeil(rows, tile.rows));
  return tiles * (step * depth + around);
}

/// Units whose weights fill the first-level cache, if the weights of all units are a little more than it holds; else 0.
/// Every second step then takes the parts in reverse, and finds the first one there: it arrives at the rate of that
/// cache, which the second level has half of.
static int64_t chooseAlternatingUnits(const Machine &processor, int64_t unitBytes, int64_t units, int64_t block) {
  constexpr int64_t mostParts = 4;
  int64_t part = processor.level1.bytes / (unitBytes * block) * block;
  return part > 0 && part < units && part * mostParts >= units ? part : 0;
}

/// The same for weights that exceed the second level: parts of a quarter of it, or of a tile if that is larger, so that
/// a step finds about as much there as fits. Where the third level is as fast (Zen 4: 80 and 87 GB/s) nothing is gained
/// or lost; where it is not (Emerald Rapids: 15 to 30 and 131 GB/s) a step of 3 MB takes 0.6 of the time, one of 4 MB
/// 0.7.
static int64_t chooseAlternatingTiles(const Machine &processor, int64_t unitBytes, int64_t units, int64_t tileUnits) {
  constexpr int64_t partsOfLevel = 4;
  if (unitBytes * units <= processor.level2.bytes || tileUnits >= units)
    return 0;
  int64_t tiles = processor.level2.bytes / partsOfLevel / (unitBytes * tileUnits);
  return std::max<int64_t>(tiles, 1) * tileUnits;
}

namespace {
/// A cell's step: gates unrolled, units in register tiles.
class RecurrentSchedules final : public CpuSchedules {
public:
  using CpuSchedules::CpuSchedules;

private:
  llvm::SmallVector<AlgorithmSpace> describe(const SchedulePoint &point) const override;
  SchedulePoint choose() const override;

  RankedTensorType getWeight() const { return subject.getType(llvm::cast<MatMulOp>(subject.anchorOp).getRhs()); }
  /// Whether the template for cells reads this weight.
  bool isCell() const {
    RankedTensorType weight = getWeight();
    LayoutAttr layout = getLayout(weight);
    return subject.result.getRank() == 2 && weight.getRank() == 3 && weight.hasStaticShape() && layout &&
           layout.getInnerTiles() && layout.getInnerTiles().size() == 1;
  }
};
} // namespace

SchedulePoint RecurrentSchedules::choose() const {
  if (!isCell())
    return {"plain", 1, -1, 1, {}};
  RankedTensorType weight = getWeight();
  LayoutAttr layout = getLayout(weight);
  int64_t gates = weight.getDimSize(0), depth = weight.getDimSize(1), units = weight.getDimSize(2);
  int64_t block = layout.getInnerTiles()[0], blocks = llvm::divideCeil(units, block);
  int64_t elementBytes = getElementBytes(weight.getElementType());
  int64_t lanes = std::min(machine.getLanes(elementBytes), block);
  bool isDynamic = subject.result.isDynamicDim(0);
  // A batch that is known at run time: enough rows for a tile, or one.
  int64_t rows = isDynamic ? 24 : std::max<int64_t>(subject.result.getDimSize(0), 1);
  // Several rows use what they load from the second level often enough.
  int64_t unitBytes = gates * depth * elementBytes;
  int64_t alternatingUnits = rows == 1 || isDynamic ? chooseAlternatingUnits(machine, unitBytes, units, block) : 0;
  CellTile best;
  auto consider = [&](int64_t size) {
    for (int64_t tileRows = 1; tileRows <= std::min<int64_t>(rows, 8); ++tileRows) {
      int64_t vectors = gates * size / lanes, accumulators = vectors * tileRows;
      // With one row weights are memory operands; else they, or the rows' state, stay in registers for a step.
      int64_t operands = tileRows == 1 ? 1 : std::min(vectors, tileRows) + 1;
      if (accumulators + operands > machine.registers && (tileRows > 1 || size > lanes))
        break;
      CellTile tile{size, tileRows, 0};
      tile.cycles = estimate(tile, machine, lanes, elementBytes, gates, depth, units, rows);
      if (best.cycles < 0 || tile.cycles < best.cycles)
        best = tile;
    }
  };
  // A part of a block, or several whole ones.
  for (int64_t size = lanes; size <= block; size += lanes)
    if (block % size == 0)
      consider(size);
  for (int64_t count = 2; count <= std::min<int64_t>(blocks, 8); ++count)
    if (blocks % count == 0 && alternatingUnits % (count * block) == 0)
      consider(count * block);
  // Each thread keeps its own units, so its own part of the weights in its own cache.
  SchedulePoint point{
      "cell", lanes, units > best.units ? 1 : -1, best.units, {{"rows", best.rows}, {"units", best.units}}};
  if (!alternatingUnits)
    alternatingUnits = chooseAlternatingTiles(machine, unitBytes, units, best.units);
  if (alternatingUnits)
    point.sizes["alternating_units"] = alternatingUnits;
  return point;
}

llvm::SmallVector<AlgorithmSpace> RecurrentSchedules::describe(const SchedulePoint &point) const {
  if (!isCell())
    return {makePlain()};
  RankedTensorType weight = getWeight();
  int64_t lanes = point.vector, block = getLayout(weight).getInnerTiles()[0];
  int64_t allUnits = llvm::divideCeil(weight.getDimSize(2), block) * block;
  int64_t tileUnits = std::max<int64_t>(point.getSize("units", lanes), 1);
  AlgorithmSpace space = makeVectorized("cell");
  space.mostLanes = std::min(space.mostLanes, block);
  // A part of a block or whole blocks, as many in each tile.
  ScheduleParameter units{"units", lanes, mostAccumulators * lanes, lanes, allUnits};
  units.block = block;
  space.parameters = {{"rows", 1, 16}, units, {"alternating_units", 0, allUnits, tileUnits, 0, /*isOptional=*/true}};
  space.accumulatorParameters = {"units", "rows"};
  space.registerFactor = weight.getDimSize(0);
  space.splits = {{1, tileUnits}};
  return {space, makePlain()};
}

std::unique_ptr<KernelSchedules> makeRecurrentSchedules(const TileSubject &subject, const Machine &machine) {
  return std::make_unique<RecurrentSchedules>(subject, machine);
}

} // namespace dlc
