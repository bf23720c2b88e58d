// SPDX-License-Identifier: Apache-2.0
// The product of two matrices that share thousands of rows, as the gradient of a weight is: the sum over samples and
// steps of z^T x. Both are larger than the second-level cache, and the rows of z^T are a whole row of z apart, so that
// a tile that runs through all terms at once misses the cache with every one.
//
// So terms come in blocks of `depth`, whose part of both matrices stays in the second-level cache. For each block all
// tiles of the result, `columns` x `rows` sums in registers, run through its terms and are added to the result. What a
// tile reads of the right matrix is copied to the stack first, [depth][columns], where it stays in the first-level
// cache for all tiles of those columns. Each matrix comes from memory once. A result's terms are added block by block,
// whatever range of rows a call computes.
//
// Registers: rows * columns / lanes sums, columns / lanes vectors of the right matrix.
#include "backends/halide/BlockedProduct.h"
#include "backends/halide/RegisterTile.h"
#include "ir/OpsLinear.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

namespace dlc::halide {

static LogicalResult scheduleBlocks(KernelBuilder &builder, Func partial, Func panel) {
  ScheduleAttr schedule = builder.getSchedule();
  int columns = static_cast<int>(schedule.getTile(columnsTile, 1)),
      rows = static_cast<int>(schedule.getTile(rowsTile, 1)), lanes = static_cast<int>(schedule.getVector());
  Func out = builder.getOutput();
  std::vector<Var> arguments = out.args();
  // Ranges start at multiples of the grain, and tiles divide the whole.
  for (auto [position, tile] : {std::pair(0, columns), std::pair(1, rows)})
    if (!builder.getOutputExtent(position)) {
      auto dim = out.output_buffer().dim(position);
      dim.set_min((dim.min() / tile) * tile);
      dim.set_extent((dim.extent() / tile) * tile);
    }
  out.vectorize(arguments[0], lanes, TailStrategy::RoundUp);

  Var column("column"), columnTile("column_tile"), row("row"), rowTile("row_tile");
  Halide::Stage add = out.update();
  std::vector<Halide::RVar> blocks = out.rvars();
  add.split(arguments[0], columnTile, column, columns, TailStrategy::RoundUp)
      .split(arguments[1], rowTile, row, rows, TailStrategy::RoundUp)
      .reorder(column, row, rowTile, columnTile, blocks[0])
      .vectorize(column, lanes)
      .unroll(column)
      .unroll(row);
  panel.compute_at(out, columnTile).bound_extent(panel.args()[0], columns).vectorize(panel.args()[0], lanes);
  std::vector<Var> own = partial.args();
  partial.compute_at(out, rowTile).bound_extent(own[0], columns).bound_extent(own[1], rows);
  partial.vectorize(own[0], lanes).unroll(own[0]).unroll(own[1]);
  partial.update().reorder(own[0], own[1], partial.rvars()[0]).vectorize(own[0], lanes).unroll(own[0]).unroll(own[1]);
  return success();
}

FailureOr<TensorFunc> emitBlockedProduct(MatMulOp op, KernelBuilder &builder) {
  const TensorFunc &lhs = builder.get(op.getLhs()), &rhs = builder.get(op.getRhs());
  auto depth = static_cast<int>(builder.getSchedule().getTile(depthTile, 1));
  Halide::Type type = getValueType(op.getType().getElementType());
  auto read = [](const TensorFunc &matrix, const Expr &row, const Expr &column, bool isTransposed) {
    return isTransposed ? matrix.at({column, row}) : matrix.at({row, column});
  };
  Var column("column"), row("row"), term("term"), block("block");
  Func panel("panel"), partial("partial");
  panel(column, term) = read(rhs, term, column, op.getTransposeRhs());
  RDom terms(0, depth);
  partial(column, row, block) = Halide::Internal::make_zero(type);
  partial(column, row, block) +=
      read(lhs, row, block * depth + terms, op.getTransposeLhs()) * panel(column, block * depth + terms);
  RDom blocks(0, lhs.extents[op.getTransposeLhs() ? 0 : 1] / depth);
  builder.setOutputDefinition(op, [=](Func output, const std::vector<Var> &arguments) {
    output(arguments) = Halide::Internal::make_zero(type);
    output(arguments) += partial(arguments[0], arguments[1], blocks);
  });
  builder.setScheduler(op, [partial, panel](KernelBuilder &at) { return scheduleBlocks(at, partial, panel); });
  return builder.define(op, [&](llvm::ArrayRef<Expr>) { return Halide::Internal::make_zero(type); });
}

} // namespace dlc::halide
