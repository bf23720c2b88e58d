// SPDX-License-Identifier: Apache-2.0
// Steps of recurrent cells: the product of the state with the packed matrices of all gates, [B, K] x [G, K, H] ->
// [G, B, H], and in its epilogue the gates' activations and the new state (often several results: one tuple).
//
// "cell": a tile of `units` x all gates x `rows` sums stays in registers over the whole of K; then the gates of the
// same units are at hand, and activations and state never leave registers either. The weights are stored as the loops
// read them, [H/VL][K][G][VL] (see backends/cpu/PlanRecurrent.h): a tile reads one contiguous stream, or one per
// block if it spans several.
//
// Registers (AVX-512, 32): one row takes 8 accumulators (4 gates x 2 vectors), enough to hide a multiply-add's latency,
// with the weights as memory operands; 6 rows x 4 gates x 1 vector are 24, beside 4 vectors of weights. AVX2 (16): 4
// gates x 2 vectors, or 3 rows x 4 gates x 1 vector.
//
// One row does two operations for every weight of 4 bytes, so it runs at the speed of the cache that holds the weights.
// All sums run from the first to the last k in one accumulator, whatever the tile, the range or the order of tiles.
#include "backends/halide/Families.h"
#include "backends/halide/RegisterTile.h"
#include "backends/halide/SumOfProducts.h"

using namespace mlir;
using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;
using Halide::VarOrRVar;

namespace dlc::halide {

/// Values of the epilogue that several others use: each is computed once, in registers.
static std::vector<Func> getSharedValues(KernelBuilder &builder) {
  std::vector<Func> shared;
  Operation *anchor = builder.getAnchorOp();
  for (Operation &op : anchor->getBlock()->without_terminator()) {
    if (!op.hasTrait<Elementwise>() || op.getResult(0).hasOneUse() || op.getResult(0).use_empty())
      continue;
    if (llvm::cast<RankedTensorType>(op.getResult(0).getType()).getShape() == builder.getOutputType().getShape())
      shared.push_back(builder.get(op.getResult(0)).func);
  }
  return shared;
}

LogicalResult scheduleRecurrent(KernelBuilder &builder) {
  Func sum = builder.getStage(sumStage), out = builder.getOutput();
  ScheduleAttr schedule = builder.getSchedule();
  std::vector<Var> arguments = out.args();
  if (builder.isNaive() || arguments.size() != 2 || schedule.getAlgorithm() != "cell") {
    schedulePlainSum(builder, sum);
    return success();
  }
  int lanes = static_cast<int>(schedule.getVector());
  int units = static_cast<int>(schedule.getTile(unitsTile, lanes));
  int rows = static_cast<int>(schedule.getTile(rowsTile, 1));
  Var unit = arguments[0], row = arguments[1];
  Var unitTile("unit_tile"), unitIn("unit_in"), rowTile("row_tile"), rowIn("row_in");

  // Ranges start at multiples of the tile (the schedule's grain), which keeps offsets in the packed weights constant.
  int64_t extent = builder.getOutputType().getDimSize(1);
  bool isExact = extent % units == 0;
  Halide::OutputImageParam buffer = out.output_buffers().front();
  if (!builder.getOutputExtent(0)) {
    buffer.dim(0).set_min((buffer.dim(0).min() / units) * units);
    if (isExact)
      buffer.dim(0).set_extent((buffer.dim(0).extent() / units) * units);
  }
  out.split(unit, unitTile, unitIn, units, isExact ? TailStrategy::RoundUp : TailStrategy::Predicate);
  if (isExact)
    out.vectorize(unitIn, lanes).unroll(unitIn);
  else
    // What the epilogue reads ends where the result does, so its loads are masked like the stores.
    out.vectorize(unitIn);

  // Fewer rows than a tile are computed one by one; shifting the last tile inwards computes some elements twice, in the
  // same order.
  auto arrange = [&](Halide::Stage stage, int size) {
    stage.split(row, rowTile, rowIn, size, TailStrategy::ShiftInwards)
        .reorder(unitIn, rowIn, rowTile, unitTile)
        .unroll(rowIn);
  };
  std::optional<int64_t> known = builder.getOutputExtent(1);
  if (rows > 1 && (!known || *known < rows)) {
    arrange(out.specialize(buffer.dim(1).extent() >= rows), rows);
    arrange(out, 1);
  } else {
    arrange(out, rows);
  }

  std::vector<Var> sums = sum.args();
  Var column = sums[0];
  std::vector<VarOrRVar> order(sums.begin(), sums.end());
  order.push_back(sum.rvars()[0]);
  sum.compute_at(out, rowTile).bound_extent(column, units).vectorize(column, lanes).unroll(column);
  Halide::Stage update = sum.update();
  update.reorder(order).vectorize(column, lanes).unroll(column);
  for (const Var &argument : llvm::drop_begin(sums)) {
    sum.unroll(argument);
    update.unroll(argument);
  }
  if (isExact)
    for (Func value : getSharedValues(builder))
      value.compute_at(out, unitIn).vectorize(value.args()[0], lanes);
  return success();
}

} // namespace dlc::halide
