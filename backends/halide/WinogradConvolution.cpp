// SPDX-License-Identifier: Apache-2.0
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015): a tile of m x m results of a 3 x 3
// convolution is `A^T [(G g G^T) * (B^T d B)] A`, where d is the tile's (m+2) x (m+2) input and * goes element by
// element. Summing over channels between the transformations makes (m+2)^2 matrix products of tiles x channels,
// with 2.25 (m = 2) or 4 (m = 4) times fewer multiplications than the direct sum.
//
// One chunk of tiles at a time: its transformed inputs V and products M stay in the second-level cache, and the
// transformed weights stream by once per chunk. The products are register tiles as in RegisterTile.cpp, `tiles` (along
// a row) x `planes` (rows of tiles) x `columns` channels. The transformations are vectors along channels: a tile's 36
// values of 16 channels fit the 32 registers.
//
// Speed as if it were direct, in shares of the peak (Zen 4, one core, 117 GFLOP/s with AVX-512; channels x channels,
// image):
//   64x64 56x56: 338 %    128x128 28x28: 363 %    256x256 14x14: 284 %    512x512 28x28: 326 %    512x512 14x14: 241 %
//
// A transposed convolution of stride 1 (the gradient with respect to a convolution's input) is the same with taps that
// run backwards. Seen in a mirror they run forwards: tiles are read and stored mirrored, and weights are transformed as
// they are.
//
// Tiles that reach over the right or lower edge read the halo, which the layout makes wide enough, and do not store the
// rest.
#include "backends/halide/WinogradConvolution.h"
#include "backends/halide/Prefetch.h"
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

/// The weight g[row][column] from its transformation G g G^T, whose first and last rows hold multiples of g's and whose
/// second and third differ by a multiple of g's middle row.
static Expr recoverWeight(const TensorFunc &w, int m, int block, Expr channel, Expr input, int row, int column) {
  struct Part {
    int position;
    float factor;
  };
  auto parts = [&](int tap) -> llvm::SmallVector<Part, 2> {
    if (tap == 0)
      return {{0, m == 4 ? 4.0f : 1.0f}};
    if (tap == 2)
      return {{m + 1, 1.0f}};
    return {{1, m == 4 ? -3.0f : 1.0f}, {2, m == 4 ? 3.0f : -1.0f}};
  };
  Expr weight;
  for (Part r : parts(row))
    for (Part c : parts(column)) {
      Expr part = w.func(channel % block, input, c.position, r.position, channel / block) * (r.factor * c.factor);
      weight = weight.defined() ? weight + part : part;
    }
  return weight;
}

namespace {
/// What convolutions and transposed ones have in common.
struct Convolution {
  Value x, w;
  int64_t padY, padX, groups; ///< pads are the low ones
  int inputDim, outputDim;    ///< channels of the weight
  bool isMirrored;

  /// Whether a run decides the extents of the image.
  bool isOpen() const {
    auto type = llvm::cast<RankedTensorType>(x.getType());
    return type.isDynamicDim(2) || type.isDynamicDim(3);
  }
};
} // namespace

static Convolution getConvolution(Operation *op) {
  if (auto conv = llvm::dyn_cast<ConvOp>(op))
    return {conv.getX(), conv.getW(), conv.getPads()[0], conv.getPads()[1], static_cast<int64_t>(conv.getGroups()), 1,
            0,           false};
  // Position 0 of the result meets the last tap at input `pad - 2`.
  auto conv = llvm::cast<ConvTransposeOp>(op);
  return {conv.getX(), conv.getW(), 2 - conv.getPads()[0], 2 - conv.getPads()[1], 1, 0, 1, true};
}

FailureOr<TensorFunc> emitWinograd(Operation *op, KernelBuilder &builder) {
  Convolution conv = getConvolution(op);
  const TensorFunc &x = builder.get(conv.x), &w = builder.get(conv.w);
  const WinogradTransform &f = getWinogradTransform(getLayout(w.type).getWinograd());
  int m = f.m, size = m + 2, block = static_cast<int>(getLayout(w.type).getInnerTiles()[0]);
  int padY = static_cast<int>(conv.padY), padX = static_cast<int>(conv.padX);
  Expr inputs = w.extents[conv.inputDim], outputs = w.extents[conv.outputDim];
  // Element `i` of a tile's input and result `i` of a tile, counted in the order of memory.
  auto inputAt = [&](const Expr &i) { return conv.isMirrored ? Expr(size - 1 - i) : i; };
  auto resultAt = [&](const Expr &i) { return conv.isMirrored ? Expr(m - 1 - i) : i; };
  // Tiles of an open image are counted row by row instead, as columns of a single row: blocks of them are full whatever
  // the image's width is. A chunk's last ones may be beyond the image, and read a tile of its last row.
  Exprs extents = builder.getExtents(op->getResult(0));
  Expr tilesInRow = (extents[3] + (m - 1)) / m, tileRows = (extents[2] + (m - 1)) / m;
  bool isOpen = conv.isOpen();
  auto getRow = [&](const Expr &column, const Expr &row) {
    return isOpen ? Halide::clamp(column / tilesInRow, 0, tileRows - 1) : row;
  };
  auto getColumn = [&](const Expr &column) { return isOpen ? column % tilesInRow : column; };
  // Inside the algorithm: channel, tile's column and row, image; i and j count along a tile's columns and rows.
  Var c("c"), column("column"), row("row"), image("image"), i("i"), j("j");
  Func rowsTransformed("winograd_rows"), v("winograd_input"), products("winograd_products"), half("winograd_half");
  rowsTransformed(c, column, row, image, i, j) = transform(f.input, size, j, [&](int k) {
    return x.at({image, c, getRow(column, row) * m + inputAt(k) - padY, getColumn(column) * m + inputAt(i) - padX});
  });
  v(c, column, row, image, i, j) =
      transform(f.input, size, i, [&](int k) { return rowsTransformed(c, column, row, image, k, j); });
  RDom channels(0, inputs);
  // The first input channel of the group of result channel c.
  Expr first = conv.groups == 1 ? Expr(0) : c / (outputs / static_cast<int>(conv.groups)) * inputs;
  products(c, column, row, image, i, j) = 0.0f;
  products(c, column, row, image, i, j) +=
      v(first + channels, column, row, image, i, j) * w.func(c % block, channels, i, j, c / block);
  half(c, column, row, image, i, j) =
      transform(f.output, size, j, [&](int k) { return products(c, column, row, image, i, k); });
  // A tile's results that are not all finite are summed directly instead: the transformations spread an infinity or NaN
  // over the whole tile (and overflow earlier), while the sum itself touches 3 x 3 results. Whether that happens is one
  // question a tile and vector of channels, asked of the results' bits.
  int lanes = static_cast<int>(builder.getSchedule().getVector());
  Var vector("vector");
  Func winograd("winograd_result"), largest("winograd_largest"), isBroken("winograd_broken"), direct("winograd_direct");
  winograd(c, column, row, image, i, j) =
      transform(f.output, size, i, [&](int k) { return half(c, column, row, image, k, j); });
  Expr bits = Halide::cast<uint32_t>(0);
  for (int tap = 0; tap < m * m; ++tap)
    bits = Halide::max(bits, Halide::reinterpret<uint32_t>(winograd(c, column, row, image, tap % m, tap / m)) &
                                 Halide::cast<uint32_t>(0x7fffffff));
  largest(c, column, row, image) = bits;
  RDom all(0, lanes);
  isBroken(vector, column, row, image) = Halide::cast<uint32_t>(0);
  isBroken(vector, column, row, image) =
      Halide::max(isBroken(vector, column, row, image), largest(vector * lanes + all, column, row, image));
  auto mustRepeat = [&](Expr vectorIndex, Expr tileColumn, Expr tileRow, Expr imageIndex) {
    return isBroken(vectorIndex, tileColumn, tileRow, imageIndex) >= Halide::cast<uint32_t>(0x7f800000);
  };
  RDom terms(0, inputs, 0, 1);
  terms.where(mustRepeat(vector, column, row, image));
  Var lane("lane");
  Expr channel = vector * lanes + lane;
  Expr group = conv.groups == 1 ? Expr(0) : vector * lanes / (outputs / static_cast<int>(conv.groups)) * inputs;
  direct(lane, vector, column, row, image, i, j) = Halide::undef<float>();
  Expr sum = Halide::select(terms.x == 0, 0.0f, direct(lane, vector, column, row, image, i, j));
  for (int tap = 0; tap < 9; ++tap)
    sum += x.at({image, group + terms.x, getRow(column, row) * m + inputAt(j + tap / 3) - padY,
                 getColumn(column) * m + inputAt(i + tap % 3) - padX}) *
           recoverWeight(w, m, block, channel, terms.x, tap / 3, tap % 3);
  direct(lane, vector, column, row, image, i, j) = sum;
  TensorFunc result = builder.define(op->getResult(0), [&](llvm::ArrayRef<Expr> index) {
    Expr tileColumn = index[3] / m, tileRow = index[2] / m, inX = resultAt(index[3] % m), inY = resultAt(index[2] % m);
    if (isOpen) {
      tileColumn = tileRow * tilesInRow + tileColumn;
      tileRow = 0;
    }
    Expr vectorIndex = index[1] / lanes;
    return Halide::select(mustRepeat(vectorIndex, tileColumn, tileRow, index[0]),
                          direct(index[1] % lanes, vectorIndex, tileColumn, tileRow, index[0], inX, inY),
                          winograd(index[1], tileColumn, tileRow, index[0], inX, inY));
  });
  builder.addStage(op, "rows", rowsTransformed);
  builder.addStage(op, "input", v);
  builder.addStage(op, "products", products);
  builder.addStage(op, "half", half);
  builder.addStage(op, "winograd", winograd);
  builder.addStage(op, "largest", largest);
  builder.addStage(op, "broken", isBroken);
  builder.addStage(op, "direct", direct);
  builder.addStage(op, "result", result.func);
  return result;
}

LogicalResult scheduleWinograd(KernelBuilder &builder) {
  ScheduleAttr schedule = builder.getSchedule();
  Func out = builder.getOutput(), rowsTransformed = builder.getStage("rows"), v = builder.getStage("input"),
       products = builder.getStage("products"), half = builder.getStage("half"), result = builder.getStage("result");
  // How many results' columns and rows one of the output's makes up: 2 below a fused 2 x 2 pooling.
  Convolution conv = getConvolution(builder.getAnchorOp());
  auto convType = llvm::cast<RankedTensorType>(builder.getAnchorOp()->getResult(0).getType());
  RankedTensorType outType = builder.getOutputType();
  int m = static_cast<int>(getLayout(conv.w.getType()).getWinograd());
  bool isOpen = conv.isOpen();
  auto getPool = [&](int64_t dim) {
    return isOpen ? 1 : static_cast<int>(convType.getDimSize(dim) / std::max<int64_t>(outType.getDimSize(dim), 1));
  };
  int tileX = m / getPool(3), tileY = m / getPool(2);
  int lanes = static_cast<int>(schedule.getVector());
  int columns = static_cast<int>(schedule.getTile(columnsTile, int64_t{2} * lanes));
  int tiles = static_cast<int>(schedule.getTile(rowsTile, 1)),
      planes = static_cast<int>(schedule.getTile(planesTile, 1));
  Expr chunkX = static_cast<int>(schedule.getTile("chunk_columns", tiles)),
       chunkY = static_cast<int>(schedule.getTile("chunk_rows", planes));
  if (isOpen) {
    // Whole rows of tiles, as many in each chunk of this range as there are about chunk_tiles tiles.
    Exprs extents = builder.getExtents(builder.getAnchorOp()->getResult(0));
    int most = static_cast<int>(schedule.getTile("chunk_tiles", tiles));
    chunkX = Halide::max((extents[3] + (m - 1)) / m, 1);
    Expr rows = Halide::max((out.output_buffer().dim(2).extent() + (m - 1)) / m, 1);
    Expr chunks = (rows + Halide::max(most / chunkX, 1) - 1) / Halide::max(most / chunkX, 1);
    chunkY = (rows + chunks - 1) / chunks;
  }

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
  Func winograd = builder.getStage("winograd"), largest = builder.getStage("largest"),
       isBroken = builder.getStage("broken"), direct = builder.getStage("direct");
  winograd.compute_at(out, vectors).vectorize(wc, lanes).unroll(wi).unroll(wj);
  winograd.bound_extent(wc, lanes).bound_extent(wi, m).bound_extent(wj, m);
  largest.compute_at(out, vectors).vectorize(largest.args()[0], lanes).bound_extent(largest.args()[0], lanes);
  isBroken.compute_at(out, vectors).update().atomic().vectorize(isBroken.rvars()[0], lanes);
  Var directLane = direct.args()[0];
  direct.compute_at(out, vectors).bound_extent(directLane, lanes).vectorize(directLane, lanes);
  direct.bound_extent(direct.args()[5], m).bound_extent(direct.args()[6], m);
  std::vector<Halide::RVar> terms = direct.rvars();
  // Halide asks the question in the innermost loop; LLVM moves it out.
  std::vector<Var> at = direct.args();
  direct.update()
      .reorder({at[0], terms[0], terms[1], at[5], at[6], at[1], at[2], at[3], at[4]})
      .vectorize(directLane, lanes);
  half.compute_at(out, vectors).vectorize(wc, lanes).unroll(wc).unroll(wi).unroll(wj);
  Var inputVectors("input_vectors");
  v.compute_at(out, chunkColumn)
      .split(wc, inputVectors, lane, lanes)
      .reorder(lane, wi, wj, inputVectors, wx, wy)
      .vectorize(lane)
      .unroll(wi)
      .unroll(wj);
  rowsTransformed.compute_at(v, inputVectors).vectorize(wc, lanes).unroll(wc).unroll(wi).unroll(wj);
  if (isOpen)
    v.bound_extent(wy, 1);
  else
    v.bound_extent(wx, chunkX).bound_extent(wy, chunkY);
  // A range of channels may read some groups only; memory is for all.
  if (conv.groups > 1)
    v.bound(wc, 0, static_cast<int>(llvm::cast<RankedTensorType>(conv.x.getType()).getDimSize(1)));
  Func stored = products.in();
  Var block("block"), blockX("block_x"), blockY("block_y"), sx("sx"), sy("sy");
  stored.compute_at(out, group).bound_extent(wc, channels);
  auto arrange = [&](Halide::Stage stage, int blockTiles) {
    stage.split(wc, block, lane, columns)
        .split(wx, blockX, sx, blockTiles, TailStrategy::ShiftInwards)
        .split(wy, blockY, sy, planes, TailStrategy::ShiftInwards)
        .reorder(lane, sx, sy, blockX, blockY, block, wi, wj)
        .vectorize(lane, lanes)
        .unroll(lane)
        .unroll(sx)
        .unroll(sy);
  };
  if (isOpen) {
    stored.bound_extent(wy, 1);
    int least = static_cast<int>(schedule.getTile(leastRowsTile, tiles));
    Expr chosen = chooseRows(chunkX * chunkY, least, tiles, columns / lanes);
    for (int size = tiles; size >= least; --size)
      arrange(stored.specialize(chosen == size), size);
    arrange(stored, 1);
  } else {
    stored.bound_extent(wx, chunkX).bound_extent(wy, chunkY);
    arrange(stored, tiles);
  }
  products.compute_at(stored, blockX).bound_extent(wc, columns).vectorize(wc, lanes).unroll(wc).unroll(wx).unroll(wy);
  Halide::RVar channel = products.rvars()[0];
  products.update().reorder(wc, wx, wy, channel).vectorize(wc, lanes).unroll(wc).unroll(wx).unroll(wy);
  prefetchWeights(builder, products, columns);
  return success();
}

} // namespace dlc::halide
