// SPDX-License-Identifier: Apache-2.0
// A few rows times a transposed matrix, whose rows both run along the sum, or rows times a few columns: every result is
// a dot product whose `chains` vectors of partial sums stay in registers, `columns` x `rows` results at a time. All
// loads are whole vectors and the matrix is read once, at the speed of memory where it is large, while a copy of its
// columns in blocks would take longer than the products, and leave most of a block empty if they are few. Where a tile
// has few results, several chains keep the multipliers busy. Lanes are added up in pairs at the end, then come the
// elements that fill no vector.
//
// Registers: rows * columns * chains partial sums, `columns` vectors of the matrix and one of the rows.
#include "backends/halide/DotProducts.h"
#include "backends/halide/RegisterTile.h"
#include "backends/halide/SumOfProducts.h"
#include "ir/OpsLinear.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

namespace dlc::halide {

constexpr llvm::StringLiteral chainsTile = "chains";

static LogicalResult scheduleDots(KernelBuilder &builder, Func partial, Func total) {
  ScheduleAttr schedule = builder.getSchedule();
  int columns = static_cast<int>(schedule.getTile(columnsTile, 1)),
      rows = static_cast<int>(schedule.getTile(rowsTile, 1)), lanes = static_cast<int>(schedule.getVector()),
      terms = lanes * static_cast<int>(schedule.getTile(chainsTile, 1));
  Func out = builder.getOutput();
  std::vector<Var> arguments = out.args();
  Var column("column"), columnTile("column_tile"), row("row"), rowTile("row_tile");
  // Ranges start at multiples of the grain, and tiles divide the whole.
  for (auto [position, tile] : {std::pair(0, columns), std::pair(1, rows)})
    if (!builder.getOutputExtent(position)) {
      auto dim = out.output_buffer().dim(position);
      dim.set_min((dim.min() / tile) * tile);
      dim.set_extent((dim.extent() / tile) * tile);
    }
  out.split(arguments[0], columnTile, column, columns, TailStrategy::RoundUp)
      .split(arguments[1], rowTile, row, rows, TailStrategy::RoundUp)
      .unroll(column)
      .unroll(row);
  std::vector<Halide::VarOrRVar> order{column, row, rowTile, columnTile};
  order.insert(order.end(), arguments.begin() + 2, arguments.end());
  out.reorder(order);
  std::vector<Var> own = partial.args();
  Var chain("chain");
  partial.compute_at(out, rowTile).bound_extent(own[0], terms).bound_extent(own[1], columns).bound_extent(own[2], rows);
  partial.split(own[0], chain, own[0], lanes).vectorize(own[0]).unroll(chain).unroll(own[1]).unroll(own[2]);
  partial.update()
      .split(own[0], chain, own[0], lanes)
      .reorder(own[0], chain, own[1], own[2], partial.rvars()[0])
      .vectorize(own[0])
      .unroll(chain)
      .unroll(own[1])
      .unroll(own[2]);
  std::vector<Var> coordinates = total.args();
  total.compute_at(out, rowTile).unroll(coordinates[0]).unroll(coordinates[1]);
  if (total.has_update_definition())
    total.update()
        .reorder(coordinates[0], coordinates[1], total.rvars()[0])
        .unroll(coordinates[0])
        .unroll(coordinates[1]);
  return success();
}

FailureOr<TensorFunc> emitDotProducts(MatMulOp op, KernelBuilder &builder) {
  const TensorFunc &lhs = builder.get(op.getLhs()), &rhs = builder.get(op.getRhs());
  Halide::Type type = getValueType(op.getType().getElementType());
  ScheduleAttr schedule = builder.getSchedule();
  int terms = static_cast<int>(schedule.getVector() * schedule.getTile(chainsTile, 1));
  size_t batchRank = op.getType().getRank() - 2;
  Expr depth = rhs.extents[rhs.type.getRank() - (op.getTransposeRhs() ? 1 : 2)], blocks = depth / terms,
       rest = depth % terms;
  Var term("term"), column("column"), row("row");
  std::vector<Var> batch;
  for (size_t dim = 0; dim < batchRank; ++dim)
    batch.emplace_back("batch" + std::to_string(dim));
  auto product = [&](const Expr &k) {
    Exprs at(batch.begin(), batch.end());
    return readMatrix(lhs, at, row, k, false) * readMatrix(rhs, at, k, column, op.getTransposeRhs());
  };
  auto withBatch = [&](std::vector<Var> arguments) {
    arguments.insert(arguments.end(), batch.begin(), batch.end());
    return arguments;
  };
  Func partial("partial"), total("total");
  RDom k(0, blocks);
  partial(withBatch({term, column, row})) = Halide::Internal::make_zero(type);
  partial(withBatch({term, column, row})) += product(k.x * terms + term);
  llvm::SmallVector<Expr> sums;
  for (int number = 0; number < terms; ++number) {
    std::vector<Expr> coordinates{number, column, row};
    coordinates.insert(coordinates.end(), batch.begin(), batch.end());
    sums.emplace_back(partial(coordinates));
  }
  for (size_t half = sums.size() / 2; half > 0; half /= 2)
    for (size_t i = 0; i < half; ++i)
      sums[i] = sums[i] + sums[i + half];
  total(withBatch({column, row})) = sums.front();
  if (!Halide::Internal::is_const_zero(Halide::Internal::simplify(rest))) {
    RDom tail(0, rest);
    total(withBatch({column, row})) += product(blocks * terms + tail.x);
  }
  builder.setScheduler(op, [partial, total](KernelBuilder &at) { return scheduleDots(at, partial, total); });
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    std::vector<Expr> coordinates{index.back(), index[index.size() - 2]};
    coordinates.insert(coordinates.end(), index.begin(), index.end() - 2);
    return Expr(total(coordinates));
  });
}

} // namespace dlc::halide
