// SPDX-License-Identifier: Apache-2.0
// The gradient of a 3 x 3 weight of stride 1 by Winograd's algorithm: 3 x 3 sums over a 4 x 4 tile of the result's
// gradient are A^T [(G dy G^T) * (B^T x B)] A with the 6 x 6 tile of the input, 36 products instead of 144. Tiles are
// summed before the last transformation, which then happens once.
//
// The transformed input V of all images is made first. A block of output channels at a time transforms its gradient, U,
// and makes 36 products of matrices, channels x tiles x channels: register tiles of `columns` output channels x `rows`
// input channels that sum over the tiles of one image, and images are added up in memory, in order. Threads take blocks
// of output channels; each makes V for itself, about a tenth of the work.
//
// Speed as if it were direct (Zen 4, one core, peak 117 GFLOP/s with AVX-512; batch 8, channels, image):
//   64x64 56x56: 218    128x128 28x28: 296    256x256 14x14: 257    512x512 7x7: 212 GFLOP/s
//
// An infinity or NaN in a tile reaches all nine taps of its channels, and an infinity may come out as NaN.
#include "backends/halide/ConvolutionGradients.h"
#include "backends/halide/RegisterTile.h"
#include "backends/halide/Winograd.h"
#include "ir/OpsConvolution.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

namespace dlc::halide {

namespace {
struct Stages {
  Func inputRows, input, gradientRows, gradient, image, products, half, result;
  Halide::RVar images;
  int block; ///< output channels
};
} // namespace

/// Vectors along the channels of (channel, column, row, image, i, j), a tile's 36 values at a time.
static void scheduleTransform(Func tiles, Func rows, int lanes) {
  std::vector<Var> at = tiles.args();
  Var vectors("vectors"), lane("lane");
  tiles.split(at[0], vectors, lane, lanes).reorder({lane, at[4], at[5], vectors, at[1], at[2], at[3]});
  tiles.vectorize(lane).unroll(at[4]).unroll(at[5]);
  std::vector<Var> own = rows.args();
  rows.compute_at(tiles, vectors).vectorize(own[0], lanes).unroll(own[4]).unroll(own[5]);
}

static LogicalResult schedule(KernelBuilder &builder, Stages stages) {
  ScheduleAttr attributes = builder.getSchedule();
  int lanes = static_cast<int>(attributes.getVector()),
      columns = static_cast<int>(attributes.getTile(columnsTile, lanes)),
      rows = static_cast<int>(attributes.getTile(rowsTile, 1)), block = stages.block;
  Func out = builder.getOutput(), products = stages.products, image = stages.image;
  std::vector<Var> arguments = out.args();
  Var tapX = arguments[0], tapY = arguments[1], c = arguments[2], k = arguments[3], number("block"),
      inBlock("in_block");
  if (!builder.getOutputExtent(3)) {
    auto range = out.output_buffer().dim(3);
    range.set_min((range.min() / block) * block);
    range.set_extent((range.extent() / block) * block);
  }
  out.split(k, number, inBlock, block, TailStrategy::RoundUp).reorder({tapX, tapY, inBlock, c, number});
  out.unroll(tapX).unroll(tapY);
  std::vector<Var> at = stages.result.args();
  stages.result.compute_at(out, c).bound_extent(at[0], block);
  stages.result.reorder({at[2], at[3], at[0], at[1]}).vectorize(at[0], lanes).unroll(at[2]).unroll(at[3]);
  at = stages.half.args();
  stages.half.compute_at(stages.result, stages.result.args()[0]).vectorize(at[0], lanes).unroll(at[2]).unroll(at[3]);

  stages.input.compute_root();
  scheduleTransform(stages.input, stages.inputRows, lanes);
  stages.gradient.compute_at(out, number).bound_extent(stages.gradient.args()[0], block);
  scheduleTransform(stages.gradient, stages.gradientRows, lanes);

  at = products.args();
  Var columnTile("column_tile"), column("column"), rowTile("row_tile"), row("row");
  products.compute_at(out, number).bound_extent(at[0], block).vectorize(at[0], lanes);
  products.update()
      .split(at[0], columnTile, column, columns, TailStrategy::RoundUp)
      .split(at[1], rowTile, row, rows, TailStrategy::RoundUp)
      .reorder({column, row, stages.images, columnTile, rowTile, at[2], at[3]})
      .vectorize(column, lanes)
      .unroll(column)
      .unroll(row);
  at = image.args();
  image.compute_at(products, stages.images).bound_extent(at[0], columns).bound_extent(at[1], rows);
  image.vectorize(at[0], lanes).unroll(at[0]).unroll(at[1]);
  std::vector<Halide::RVar> tiles = image.rvars();
  image.update().reorder(at[0], at[1], tiles[0], tiles[1]).vectorize(at[0], lanes).unroll(at[0]).unroll(at[1]);
  return success();
}

FailureOr<TensorFunc> emitWinogradWeightGradient(ConvWeightGradientOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &dy = builder.get(op.getYGradient());
  const WinogradTransform &f = getWinogradGradientTransform();
  constexpr int size = 6, taps = 4;
  int padY = static_cast<int>(op.getPads()[0]), padX = static_cast<int>(op.getPads()[1]);
  Expr tileRows = (dy.extents[2] + taps - 1) / taps, tileColumns = (dy.extents[3] + taps - 1) / taps;
  Var k("k"), c("c"), column("tile_column"), row("tile_row"), number("image"), i("i"), j("j");
  Stages stages;
  stages.block = static_cast<int>(builder.getSchedule().getTile("channels", 1));
  stages.inputRows = Func("input_rows");
  stages.input = Func("input_tiles");
  stages.inputRows(c, column, row, number, i, j) = transform(
      f.input, size, j, [&](int at) { return x.at({number, c, row * taps + at - padY, column * taps + i - padX}); });
  stages.input(c, column, row, number, i, j) =
      transform(f.input, size, i, [&](int at) { return stages.inputRows(c, column, row, number, at, j); });
  stages.gradientRows = Func("gradient_rows");
  stages.gradient = Func("gradient_tiles");
  stages.gradientRows(k, column, row, number, i, j) =
      transform(f.weight, taps, j, [&](int at) { return dy.at({number, k, row * taps + at, column * taps + i}); });
  stages.gradient(k, column, row, number, i, j) =
      transform(f.weight, taps, i, [&](int at) { return stages.gradientRows(k, column, row, number, at, j); });
  RDom tiles(0, tileColumns, 0, tileRows), images(0, dy.extents[0]);
  stages.images = images.x;
  stages.image = Func("image_products");
  stages.image(k, c, i, j, number) = 0.0f;
  stages.image(k, c, i, j, number) +=
      stages.gradient(k, tiles.x, tiles.y, number, i, j) * stages.input(c, tiles.x, tiles.y, number, i, j);
  stages.products = Func("products");
  stages.products(k, c, i, j) = 0.0f;
  stages.products(k, c, i, j) += stages.image(k, c, i, j, images.x);
  stages.half = Func("half");
  stages.result = Func("taps");
  stages.half(k, c, i, j) = transform(f.output, size, j, [&](int at) { return stages.products(k, c, i, at); });
  stages.result(k, c, i, j) = transform(f.output, size, i, [&](int at) { return stages.half(k, c, at, j); });
  builder.setScheduler(op, [stages](KernelBuilder &at) { return schedule(at, stages); });
  return builder.define(
      op, [&](llvm::ArrayRef<Expr> index) { return Expr(stages.result(index[0], index[1], index[3], index[2])); });
}

} // namespace dlc::halide
