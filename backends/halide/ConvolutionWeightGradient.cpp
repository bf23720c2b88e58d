// SPDX-License-Identifier: Apache-2.0
// Gradients of convolutions with respect to weights: for each output channel k, input channel c and tap, the sum over
// images and positions of dy[n, y, x, k] x[n, y', x', c].
//
// A register tile is `columns` output channels (vectors of dy, channels-last) times `rows` input channels times
// `planes` taps along the last dimension, whose elements of x are broadcast. It sums over the positions of one image;
// images are added up in memory, a block of `columns` output channels at a time: [taps][C][columns], which the
// second-level cache holds. Then dy and x of one image are read from the cache again and again, the block is stored in
// canonical order, and every element is summed in an order that neither tiles nor threads change: image by image, each
// row by row.
//
// Share of the peak (Zen 4, one core, 117 GFLOP/s with AVX-512; batch 8, channels, image, kernel):
//   64x64 56x56 3x3: 90 %    128x128 28x28 3x3: 87 %    256x256 14x14 3x3: 85 %    512x512 7x7 3x3: 71 %
//   3x64 224x224 7x7/2: 89 %    64x128 56x56 1x1/2: 93 %    64x192 27x27 5x5 (batch 16): 93 %
//
// Where output channels do not fill the vectors, an image's block of dy is copied with zeros behind it first.
#include "backends/halide/ConvolutionGradients.h"
#include "backends/halide/PaddedRead.h"
#include "backends/halide/RegisterTile.h"
#include "backends/halide/SumOfProducts.h"
#include "ir/OpsConvolution.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

namespace dlc::halide {

static FailureOr<TensorFunc> emitPlain(ConvWeightGradientOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &dy = builder.get(op.getYGradient());
  size_t spatial = x.type.getRank() - 2;
  int groups = static_cast<int>(op.getGroups());
  llvm::ArrayRef<int64_t> pads = op.getPads();
  Exprs extents;
  for (size_t i = spatial; i-- > 0;)
    extents.push_back(dy.extents[i + 2]);
  extents.push_back(dy.extents[0]);
  RDom domain = makeDomain(extents);
  return defineSum(builder, op, [&](llvm::ArrayRef<Expr> index) {
    Expr channel = index[1], image = domain[static_cast<int>(spatial)];
    if (groups > 1)
      channel += index[0] / (dy.extents[1] / groups) * (x.extents[1] / groups);
    Exprs inputIndex{image, channel}, gradientIndex{image, index[0]};
    for (size_t i = 0; i < spatial; ++i) {
      Expr position = domain[static_cast<int>(spatial - 1 - i)];
      gradientIndex.push_back(position);
      inputIndex.push_back(position * static_cast<int>(op.getStrides()[i]) +
                           index[i + 2] * static_cast<int>(op.getDilations()[i]) - static_cast<int>(pads[i]));
    }
    return multiply(dy.at(gradientIndex),
                    readPadded(x, inputIndex, pads.take_front(spatial), pads.drop_front(spatial)));
  });
}

namespace {
/// What the schedule arranges. `padded` is undefined where output channels fill the vectors.
struct Stages {
  Func padded, image, sum;
  Halide::RVar images;
};
} // namespace

static LogicalResult scheduleTiles(ConvWeightGradientOp op, KernelBuilder &builder, Stages stages) {
  ScheduleAttr schedule = builder.getSchedule();
  int columns = static_cast<int>(schedule.getTile(columnsTile, 1)),
      lanes = std::min(static_cast<int>(schedule.getVector()), columns),
      rows = static_cast<int>(schedule.getTile(rowsTile, 1)),
      planes = static_cast<int>(schedule.getTile(planesTile, 1));
  Func out = builder.getOutput(), sum = stages.sum, image = stages.image;
  std::vector<Var> arguments = out.args();
  Var block("block"), inBlock("in_block");
  bool hasWholeBlocks = llvm::cast<RankedTensorType>(op.getType()).getDimSize(0) % columns == 0;
  Var k = arguments.back();
  if (!builder.getOutputExtent(arguments.size() - 1)) {
    // Ranges start at multiples of the schedule's grain.
    auto dim = out.output_buffer().dim(static_cast<int>(arguments.size()) - 1);
    dim.set_min((dim.min() / columns) * columns);
    if (hasWholeBlocks)
      dim.set_extent((dim.extent() / columns) * columns);
  }
  out.split(k, block, inBlock, columns, hasWholeBlocks ? TailStrategy::RoundUp : TailStrategy::GuardWithIf);

  // (k, c, last tap dimension, other taps...)
  std::vector<Var> own = sum.args();
  Var channelTile("channel_tile"), channel("channel"), tapTile("tap_tile"), tap("tap");
  sum.compute_at(out, block).bound_extent(own[0], columns).vectorize(own[0], lanes);
  std::vector<Halide::VarOrRVar> order{own[0], channel, tap, tapTile};
  order.insert(order.end(), own.begin() + 3, own.end());
  order.emplace_back(channelTile);
  order.emplace_back(stages.images);
  // Tiles divide their extents: what is beyond cannot be read.
  sum.update()
      .split(own[1], channelTile, channel, rows, TailStrategy::RoundUp)
      .split(own[2], tapTile, tap, planes, TailStrategy::RoundUp)
      .reorder(order)
      .vectorize(own[0], lanes)
      .unroll(own[0])
      .unroll(channel)
      .unroll(tap);
  std::vector<Var> inner = image.args();
  image.compute_at(sum, tapTile);
  image.bound_extent(inner[0], columns).bound_extent(inner[1], rows).bound_extent(inner[2], planes);
  image.vectorize(inner[0], lanes).unroll(inner[0]).unroll(inner[1]).unroll(inner[2]);
  std::vector<Halide::VarOrRVar> updateOrder(inner.begin(), inner.end());
  for (const Halide::RVar &variable : image.rvars())
    updateOrder.push_back(variable);
  image.update().reorder(updateOrder).vectorize(inner[0], lanes).unroll(inner[0]).unroll(inner[1]).unroll(inner[2]);
  if (stages.padded.defined())
    stages.padded.compute_at(sum, stages.images).bound_extent(stages.padded.args()[0], columns);
  return success();
}

static FailureOr<TensorFunc> emitTiles(ConvWeightGradientOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &dy = builder.get(op.getYGradient());
  size_t spatial = x.type.getRank() - 2;
  llvm::ArrayRef<int64_t> pads = op.getPads();
  Halide::Type type = getValueType(x.type.getElementType());
  int columns = static_cast<int>(builder.getSchedule().getTile(columnsTile, 1));
  Stages stages;
  Var k("k"), c("c"), number("image");
  std::vector<Var> taps, positions;
  for (size_t i = 0; i < spatial; ++i) {
    taps.emplace_back("tap" + std::to_string(i));
    positions.emplace_back("position" + std::to_string(i));
  }
  // Functions have the innermost argument first.
  auto readGradient = [&](const Expr &at, llvm::ArrayRef<Expr> position, const Expr &image) {
    Exprs index{image, at};
    index.append(position.begin(), position.end());
    return dy.at(index);
  };
  bool isPadded = dy.type.getDimSize(1) % columns != 0;
  if (isPadded) {
    stages.padded = Func("padded");
    std::vector<Var> arguments{k};
    arguments.insert(arguments.end(), positions.rbegin(), positions.rend());
    arguments.push_back(number);
    Exprs position(positions.begin(), positions.end());
    stages.padded(arguments) =
        Halide::select(k < dy.extents[1], readGradient(Halide::min(k, dy.extents[1] - 1), position, number),
                       Halide::Internal::make_zero(type));
  }
  Exprs extents;
  for (size_t i = spatial; i-- > 0;)
    extents.push_back(dy.extents[i + 2]);
  RDom domain = makeDomain(extents);
  stages.image = Func("image_gradient");
  std::vector<Var> arguments{k, c};
  arguments.insert(arguments.end(), taps.rbegin(), taps.rend());
  std::vector<Var> ofImage = arguments;
  ofImage.push_back(number);
  stages.image(ofImage) = Halide::Internal::make_zero(type);
  Exprs inputIndex{number, c}, position;
  for (size_t i = 0; i < spatial; ++i) {
    position.push_back(domain[static_cast<int>(spatial - 1 - i)]);
    inputIndex.push_back(position.back() * static_cast<int>(op.getStrides()[i]) +
                         taps[i] * static_cast<int>(op.getDilations()[i]) - static_cast<int>(pads[i]));
  }
  std::vector<Expr> paddedIndex{k};
  paddedIndex.insert(paddedIndex.end(), position.rbegin(), position.rend());
  paddedIndex.emplace_back(number);
  Expr gradient = isPadded ? Expr(stages.padded(paddedIndex)) : readGradient(k, position, number);
  stages.image(ofImage) += gradient * readPadded(x, inputIndex, pads.take_front(spatial), pads.drop_front(spatial));

  RDom images(0, dy.extents[0]);
  stages.images = images.x;
  stages.sum = Func("weight_gradient");
  stages.sum(arguments) = Halide::Internal::make_zero(type);
  std::vector<Expr> partial(arguments.begin(), arguments.end());
  partial.emplace_back(images.x);
  stages.sum(arguments) += stages.image(partial);
  builder.setScheduler(op, [op, stages](KernelBuilder &at) { return scheduleTiles(op, at, stages); });
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    std::vector<Expr> at{index[0], index[1]};
    for (size_t i = spatial; i-- > 0;)
      at.push_back(index[i + 2]);
    return Expr(stages.sum(at));
  });
}

FailureOr<TensorFunc> emitConvWeightGradient(ConvWeightGradientOp op, KernelBuilder &builder) {
  if (op == builder.getAnchorOp() && builder.getSchedule().getAlgorithm().getValue() == "weight_gradient")
    return emitTiles(op, builder);
  if (op == builder.getAnchorOp() && builder.getSchedule().getAlgorithm().getValue() == "winograd")
    return emitWinogradWeightGradient(op, builder);
  return emitPlain(op, builder);
}

} // namespace dlc::halide
