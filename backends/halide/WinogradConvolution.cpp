// SPDX-License-Identifier: Apache-2.0
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015): a tile of m x m results of a 3 x 3
// convolution is `A^T [(G g G^T) * (B^T d B)] A`, where d is the tile's (m+2) x (m+2) input and * goes element by
// element. Summing over channels between the transformations makes (m+2)^2 matrix products of tiles x channels,
// with 2.25 (m = 2) or 4 (m = 4) times fewer multiplications than the direct sum.
//
// One chunk of tiles at a time: its transformed inputs V and products M stay in the second-level cache, and the
// transformed weights stream by once a chunk. The products are register tiles as in RegisterTile.cpp, `tiles` (along a
// row) x `planes` (rows of tiles) x `columns` channels. The transformations are vectors along channels: a tile's 36
// values of 16 channels fit the 32 registers.
//
// Speed as if it were direct, in shares of the peak (Zen 4, one core, 117 GFLOP/s with AVX-512; channels x channels,
// image):
//   64x64 56x56: 338 %    128x128 28x28: 363 %    256x256 14x14: 284 %    512x512 28x28: 326 %    512x512 14x14: 241 %
//
// Tiles that reach over the right or lower edge read the halo, which the layout makes wide enough, and do not store the
// rest.
#include "backends/halide/WinogradConvolution.h"
#include "backends/halide/RegisterTile.h"
#include "backends/halide/Winograd.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

namespace dlc::halide {

/// The sum of `element(k)` times the numbers of `row`, without the terms that are zero.
static Expr combine(llvm::ArrayRef<double> row, llvm::function_ref<Expr(int)> element) {
  Expr sum;
  for (auto [k, factor] : llvm::enumerate(row)) {
    if (factor == 0)
      continue;
    Expr term = element(static_cast<int>(k));
    if (!sum.defined())
      sum = factor == 1 ? term : term * static_cast<float>(factor);
    else if (factor == 1 || factor == -1)
      sum = factor == 1 ? sum + term : sum - term;
    else
      sum = sum + term * static_cast<float>(factor);
  }
  return sum;
}

/// Row `which` of `matrix`, whose rows have `size` numbers, times `element`.
static Expr transform(llvm::ArrayRef<double> matrix, int size, Expr which, llvm::function_ref<Expr(int)> element) {
  std::vector<Expr> rows;
  for (; !matrix.empty(); matrix = matrix.drop_front(size))
    rows.push_back(combine(matrix.take_front(size), element));
  return Halide::mux(which, rows);
}

FailureOr<TensorFunc> emitWinograd(ConvOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &w = builder.get(op.getW());
  const WinogradTransform &f = getWinogradTransform(getLayout(w.type).getWinograd());
  int m = f.m, size = m + 2, block = static_cast<int>(getLayout(w.type).getInnerTiles()[0]);
  int padY = static_cast<int>(op.getPads()[0]), padX = static_cast<int>(op.getPads()[1]);
  // Inside of the algorithm: channel, tile's column and row, image; i and j count along a tile's columns and rows.
  Var c("c"), column("column"), row("row"), image("image"), i("i"), j("j");
  Func rowsTransformed("winograd_rows"), v("winograd_input"), products("winograd_products"), half("winograd_half");
  rowsTransformed(c, column, row, image, i, j) =
      transform(f.input, size, j, [&](int k) { return x.at({image, c, row * m + k - padY, column * m + i - padX}); });
  v(c, column, row, image, i, j) =
      transform(f.input, size, i, [&](int k) { return rowsTransformed(c, column, row, image, k, j); });
  RDom channels(0, w.extents[1]);
  // The first input channel of the group of result channel c.
  Expr first = op.getGroups() == 1 ? Expr(0) : c / (w.extents[0] / static_cast<int>(op.getGroups())) * w.extents[1];
  products(c, column, row, image, i, j) = 0.0f;
  products(c, column, row, image, i, j) +=
      v(first + channels, column, row, image, i, j) * w.func(c % block, channels, i, j, c / block);
  half(c, column, row, image, i, j) =
      transform(f.output, size, j, [&](int k) { return products(c, column, row, image, i, k); });
  TensorFunc result = builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    return transform(f.output, size, index[3] % m,
                     [&](int k) { return half(index[1], index[3] / m, index[2] / m, index[0], k, index[2] % m); });
  });
  builder.addStage(op, "rows", rowsTransformed);
  builder.addStage(op, "input", v);
  builder.addStage(op, "products", products);
  builder.addStage(op, "half", half);
  builder.addStage(op, "result", result.func);
  return result;
}

LogicalResult scheduleWinograd(KernelBuilder &builder) {
  ScheduleAttr schedule = builder.getSchedule();
  Func out = builder.getOutput(), rowsTransformed = builder.getStage("rows"), v = builder.getStage("input"),
       products = builder.getStage("products"), half = builder.getStage("half"), result = builder.getStage("result");
  // How many results' columns and rows one of the output's makes up: 2 below a fused 2 x 2 pooling.
  auto conv = llvm::cast<ConvOp>(builder.getRootOp());
  RankedTensorType convType = llvm::cast<RankedTensorType>(conv.getType()), outType = builder.getOutputType();
  int m = static_cast<int>(getLayout(conv.getW().getType()).getWinograd());
  int poolY = static_cast<int>(convType.getDimSize(2) / std::max<int64_t>(outType.getDimSize(2), 1)),
      poolX = static_cast<int>(convType.getDimSize(3) / std::max<int64_t>(outType.getDimSize(3), 1));
  int tileX = m / poolX, tileY = m / poolY;
  int lanes = static_cast<int>(schedule.getVector());
  int columns = static_cast<int>(schedule.getTile(columnsTile, 2 * lanes));
  int tiles = static_cast<int>(schedule.getTile(rowsTile, 1)),
      planes = static_cast<int>(schedule.getTile(planesTile, 1));
  int chunkX = static_cast<int>(schedule.getTile("chunk_columns", tiles)),
      chunkY = static_cast<int>(schedule.getTile("chunk_rows", planes));

  int channels = static_cast<int>(schedule.getTile("channels", columns));

  std::vector<Var> arguments = out.args();
  Var c = arguments[0], x = arguments[1], y = arguments[2], image = arguments[3];
  Var group("channel_group"), inGroup("in_group"), vectors("vectors"), lane("lane");
  Var tileColumn("tile_column"), inX("in_x"), tileRow("tile_row"), inY("in_y");
  Var chunkColumn("chunk_column"), chunkRow("chunk_row"), columnInChunk("column_in_chunk"), rowInChunk("row_in_chunk");
  // Ranges start at multiples of the grain, so tiles and blocks of channels are those of the whole.
  auto alignRange = [&](int position) {
    auto dim = out.output_buffer().dim(position);
    int grain = static_cast<int>(schedule.getGrain());
    dim.set_min((dim.min() / grain) * grain);
    if (position == 0)
      dim.set_extent((dim.extent() / channels) * channels);
  };
  for (int position : {0, 2})
    if (!builder.getOutputExtent(position))
      alignRange(position);
  out.split(c, group, inGroup, channels, TailStrategy::RoundUp)
      .split(inGroup, vectors, lane, lanes)
      .split(x, tileColumn, inX, tileX, TailStrategy::GuardWithIf)
      .split(y, tileRow, inY, tileY, TailStrategy::GuardWithIf)
      .split(tileColumn, chunkColumn, columnInChunk, chunkX, TailStrategy::GuardWithIf)
      .split(tileRow, chunkRow, rowInChunk, chunkY, TailStrategy::GuardWithIf)
      .reorder({lane, inX, inY, vectors, columnInChunk, rowInChunk, group, chunkColumn, chunkRow, image})
      .vectorize(lane)
      .unroll(inX)
      .unroll(inY);
  std::vector<Var> inside = v.args();
  Var wc = inside[0], wx = inside[1], wy = inside[2], wi = inside[4], wj = inside[5];
  Var resultX = result.args()[1], resultY = result.args()[2];
  result.compute_at(out, vectors).vectorize(result.args()[0], lanes).unroll(resultX).unroll(resultY);
  result.bound_extent(resultX, m).bound_extent(resultY, m).bound_extent(result.args()[0], lanes);
  half.compute_at(out, vectors).vectorize(wc, lanes).unroll(wc).unroll(wi).unroll(wj);
  Var inputVectors("input_vectors");
  v.compute_at(out, chunkColumn)
      .split(wc, inputVectors, lane, lanes)
      .reorder(lane, wi, wj, inputVectors, wx, wy)
      .vectorize(lane)
      .unroll(wi)
      .unroll(wj);
  rowsTransformed.compute_at(v, inputVectors).vectorize(wc, lanes).unroll(wc).unroll(wi).unroll(wj);
  v.bound_extent(wx, chunkX).bound_extent(wy, chunkY);
  // A range of channels may read some groups only; memory is for all.
  if (conv.getGroups() > 1)
    v.bound(wc, 0, static_cast<int>(llvm::cast<RankedTensorType>(conv.getX().getType()).getDimSize(1)));
  Func stored = products.in();
  Var block("block"), blockX("block_x"), blockY("block_y"), sx("sx"), sy("sy");
  stored.compute_at(out, group)
      .split(wc, block, lane, columns)
      .split(wx, blockX, sx, tiles, TailStrategy::ShiftInwards)
      .split(wy, blockY, sy, planes, TailStrategy::ShiftInwards)
      .reorder(lane, sx, sy, blockX, blockY, block, wi, wj)
      .vectorize(lane, lanes)
      .unroll(lane)
      .unroll(sx)
      .unroll(sy);
  stored.bound_extent(wx, chunkX).bound_extent(wy, chunkY).bound_extent(wc, channels);
  products.compute_at(stored, blockX).bound_extent(wc, columns).vectorize(wc, lanes).unroll(wc).unroll(wx).unroll(wy);
  Halide::RVar channel = products.rvars()[0];
  products.update().reorder(wc, wx, wy, channel).vectorize(wc, lanes).unroll(wc).unroll(wx).unroll(wy);
  return success();
}

} // namespace dlc::halide
