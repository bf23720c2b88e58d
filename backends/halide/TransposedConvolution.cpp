// SPDX-License-Identifier: Apache-2.0
// Transposed convolutions, which are also gradients of convolutions with respect to their input.
//
// - "direct" (stride 1): a convolution whose taps run backwards, with the schedule of RegisterTile.cpp. Weights
//   [C, K, kernel...] are packed as [K/32][kernel...][C][32].
// - "phases" (larger strides, no dilation, 1 to 3 dimensions): results `stride q + phase` of one phase are a
//   convolution of stride 1 with every stride-th tap. A tile of the result is `rows` x `planes` positions q of every
//   phase (of one position of the first of three dimensions); each phase is a register tile of its own, stored to the
//   stack and interleaved from there. Nothing is multiplied by zero.
// - "rows": RowConvolution.cpp. "winograd": WinogradConvolution.cpp.
// - else every result gathers its taps by itself.
//
// Share of the peak of "phases" by useful products (Zen 4, one core, 117 GFLOP/s with AVX-512, batch 8, stride 2):
//   128 -> 64 channels, 28x28 -> 56x56, 3x3: 87 %    256 -> 128, 14x14: 93 %    512 -> 256, 7x7: 80 %
#include "backends/halide/ConvolutionGradients.h"
#include "backends/halide/PaddedRead.h"
#include "backends/halide/Phase.h"
#include "backends/halide/RegisterTile.h"
#include "backends/halide/RowConvolution.h"
#include "backends/halide/SumOfProducts.h"
#include "backends/halide/WinogradConvolution.h"
#include "ir/ConvolutionReach.h"
#include "ir/OpsConvolution.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

namespace dlc::halide {

/// Result o of a dimension gathers input i and tap t with `i stride + t dilation - pad = o`. Without dilation only
/// every stride-th tap meets an input: tap `t = stride j + (o + pad) mod stride` meets input `(o + pad) / stride - j`.
static FailureOr<TensorFunc> emitGathered(ConvTransposeOp op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &w = builder.get(op.getW());
  size_t spatial = x.type.getRank() - 2;
  int groups = static_cast<int>(op.getGroups());
  Expr channelsPerGroup = x.extents[1] / groups;
  Exprs extents{channelsPerGroup};
  for (size_t i = spatial; i-- > 0;) {
    Expr taps = w.extents[i + 2];
    int stride = static_cast<int>(op.getStrides()[i]);
    extents.push_back(op.getDilations()[i] == 1 ? (taps + stride - 1) / stride : taps);
  }
  RDom domain = makeDomain(extents);
  return defineSum(builder, op, [&](llvm::ArrayRef<Expr> index) {
    Expr group = index[1] / w.extents[1];
    Expr channel = group * channelsPerGroup + domain[0];
    Exprs inputIndex{index[0], channel}, weightIndex{channel, index[1] % w.extents[1]};
    Expr isTerm = Halide::Internal::const_true();
    for (size_t i = 0; i < spatial; ++i) {
      int stride = static_cast<int>(op.getStrides()[i]), dilation = static_cast<int>(op.getDilations()[i]);
      Expr step = domain[static_cast<int>(spatial - i)], coordinate = index[i + 2] + static_cast<int>(op.getPads()[i]);
      Expr tap = step, input;
      if (dilation == 1) {
        tap = step * stride + coordinate % stride;
        input = coordinate / stride - step;
        isTerm = isTerm && tap < w.extents[i + 2];
      } else {
        Expr distance = coordinate - step * dilation;
        input = distance / stride;
        isTerm = isTerm && distance % stride == 0;
      }
      isTerm = isTerm && input >= 0 && input < x.extents[i + 2];
      inputIndex.push_back(Halide::clamp(input, 0, Halide::max(x.extents[i + 2] - 1, 0)));
      weightIndex.push_back(Halide::min(tap, w.extents[i + 2] - 1));
    }
    Expr product = multiply(x.at(inputIndex), w.at(weightIndex));
    return Halide::select(isTerm, product, Halide::Internal::make_zero(product.type()));
  });
}

/// The sum of one phase of each dimension, at `index`, whose spatial coordinates are positions q. Null without taps.
static Expr makeTerm(ConvTransposeOp op, KernelBuilder &builder, llvm::ArrayRef<Phase> phases,
                     llvm::ArrayRef<Expr> index) {
  const TensorFunc &x = builder.get(op.getX()), &w = builder.get(op.getW());
  size_t spatial = phases.size();
  int groups = static_cast<int>(op.getGroups());
  Exprs extents{w.extents[0] / groups};
  for (const Phase &phase : llvm::reverse(phases))
    extents.push_back(phase.count);
  if (llvm::any_of(phases, [](const Phase &phase) { return phase.count == 0; }))
    return {};
  RDom domain = makeDomain(extents);
  Expr channel = domain[0], filter = index[1];
  if (groups > 1) {
    channel += filter / w.extents[1] * extents[0];
    filter = filter % w.extents[1];
  }
  Exprs inputIndex{index[0], channel}, weightIndex{channel, filter};
  llvm::SmallVector<int64_t> low, high;
  for (auto [i, phase] : llvm::enumerate(phases)) {
    int stride = static_cast<int>(op.getStrides()[i]);
    Expr tap = domain[static_cast<int>(spatial - i)];
    inputIndex.push_back(index[i + 2] + phase.base - tap * phase.step);
    weightIndex.push_back(tap * stride + phase.first);
    ConvTransposeReach reach = getConvTransposeReach(op, i);
    low.push_back(reach.low);
    high.push_back(reach.high);
  }
  return multiply(readPadded(x, inputIndex, low, high), w.at(weightIndex));
}

static FailureOr<TensorFunc> emitDirect(ConvTransposeOp op, KernelBuilder &builder) {
  llvm::SmallVector<Phase> phases;
  for (size_t i = 0; i < op.getStrides().size(); ++i)
    phases.emplace_back(op, i, 0);
  return defineSum(builder, op, [&](llvm::ArrayRef<Expr> index) { return makeTerm(op, builder, phases, index); });
}

/// Positions q of the result as tiles of all their phases.
static LogicalResult schedulePhases(ConvTransposeOp op, KernelBuilder &builder, const std::vector<Func> &sums) {
  ScheduleAttr schedule = builder.getSchedule();
  int columns = static_cast<int>(schedule.getTile(columnsTile, 1)),
      lanes = std::min(static_cast<int>(schedule.getVector()), columns);
  llvm::ArrayRef<int64_t> strides = op.getStrides();
  size_t spatial = strides.size();
  Func out = builder.getOutput();
  std::vector<Var> arguments = out.args();
  Var c = arguments[0], block("block"), inBlock("in_block");
  std::vector<Halide::VarOrRVar> ofBlock{inBlock};
  if (LayoutAttr layout = getLayout(op.getW().getType()); !layout || !layout.getInnerTiles())
    // Depthwise: no operand can be read beyond its last channel.
    out.split(c, block, inBlock, lanes, TailStrategy::ShiftInwards).vectorize(inBlock);
  else
    ofBlock = splitColumns(out, c, block, inBlock, columns, lanes, builder.getOutputExtent(0));
  // The spatial dimensions, innermost first. Of the last position there may be less than all phases.
  struct Dimension {
    Var position, phase, tile, inTile;
    Expr positions;
    int size;
  };
  llvm::SmallVector<Dimension> dimensions;
  for (size_t i = 0; i < spatial; ++i) {
    std::string name = arguments[i + 1].name();
    int size = i < 2 ? static_cast<int>(schedule.getTile(i == 0 ? rowsTile : planesTile, 1)) : 1;
    Dimension dimension{
        Var(name + "_position"), Var(name + "_phase"), Var(name + "_tile"), Var(name + "_in"), {}, size};
    int stride = static_cast<int>(strides[spatial - 1 - i]);
    std::optional<int64_t> extent = builder.getOutputExtent(i + 1);
    bool isExact = extent && *extent % stride == 0;
    out.split(arguments[i + 1], dimension.position, dimension.phase, stride,
              isExact ? TailStrategy::RoundUp : TailStrategy::GuardWithIf);
    dimension.positions = extent ? Expr(static_cast<int>(llvm::divideCeil(*extent, stride)))
                                 : (out.output_buffer().dim(static_cast<int>(i + 1)).extent() + (stride - 1)) / stride;
    dimensions.push_back(dimension);
  }
  // The last tile is shifted inwards; images that are smaller than a tile have one of half as many rows, or of one
  // position.
  auto arrange = [&](Halide::Stage stage, int rows, int planes) {
    std::vector<Halide::VarOrRVar> order = ofBlock;
    for (const Dimension &dimension : dimensions)
      order.push_back(dimension.phase);
    for (auto [i, dimension] : llvm::enumerate(dimensions)) {
      int size = i == 0 ? rows : i == 1 ? planes : 1;
      stage.split(dimension.position, dimension.tile, dimension.inTile, size, TailStrategy::ShiftInwards);
      order.push_back(dimension.inTile);
    }
    for (const Dimension &dimension : dimensions)
      order.push_back(dimension.tile);
    order.insert(order.end(), {block, arguments.back()});
    stage.reorder(order);
    for (const Dimension &dimension : dimensions)
      stage.unroll(dimension.phase).unroll(dimension.inTile);
  };
  int rows = dimensions[0].size, planes = spatial > 1 ? dimensions[1].size : 1;
  Expr isLarge = dimensions[0].positions >= rows;
  if (spatial > 1)
    isLarge = isLarge && dimensions[1].positions >= planes;
  arrange(out.specialize(isLarge), rows, planes);
  if (int half = rows / 2; half > 1)
    arrange(out.specialize(dimensions[0].positions >= half), half, 1);
  arrange(out, 1, 1);
  for (Func sum : sums) {
    std::vector<Var> own = sum.args();
    sum.compute_at(out, dimensions[0].tile).bound_extent(own[0], columns);
    auto unrollTile = [&](Halide::Stage stage) {
      stage.vectorize(own[0], lanes).unroll(own[0]);
      for (size_t i = 0; i < std::min<size_t>(spatial, 2); ++i)
        stage.unroll(own[i + 1]);
    };
    unrollTile(sum);
    if (!sum.has_update_definition())
      continue;
    std::vector<Halide::VarOrRVar> order(own.begin(), own.end());
    for (const Halide::RVar &variable : sum.rvars())
      order.push_back(variable);
    unrollTile(sum.update().reorder(order));
  }
  return success();
}

static FailureOr<TensorFunc> emitPhases(ConvTransposeOp op, KernelBuilder &builder) {
  llvm::ArrayRef<int64_t> strides = op.getStrides();
  Halide::Type type = getValueType(op.getType().getElementType());
  int count = 1;
  for (int64_t stride : strides)
    count *= static_cast<int>(stride);
  std::vector<Func> sums;
  for (int number = 0; number < count; ++number) {
    // The last dimension's phase counts fastest; arguments are innermost first.
    llvm::SmallVector<Phase> phases;
    std::vector<Var> arguments{Var("c")};
    for (size_t i = strides.size(), rest = number; i-- > 0; rest /= strides[i]) {
      phases.insert(phases.begin(), {op, i, static_cast<int>(rest % strides[i])});
      arguments.push_back(Var("q" + std::to_string(i)));
    }
    arguments.push_back(Var("image"));
    Exprs index(arguments.rbegin(), arguments.rend());
    std::rotate(index.begin() + 1, index.end() - 1, index.end()); // the channel after the image
    Func sum("phase");
    sum(arguments) = Halide::Internal::make_zero(type);
    if (Expr term = makeTerm(op, builder, phases, index); term.defined())
      sum(arguments) += term;
    sums.push_back(sum);
  }
  builder.setScheduler(op, [op, sums](KernelBuilder &at) { return schedulePhases(op, at, sums); });
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr number = 0;
    std::vector<Expr> position{index[1]}, values;
    for (size_t i = strides.size(); i-- > 0;)
      position.push_back(index[i + 2] / static_cast<int>(strides[i]));
    position.push_back(index[0]);
    for (auto [i, stride] : llvm::enumerate(strides))
      number = number * static_cast<int>(stride) + index[i + 2] % static_cast<int>(stride);
    for (const Func &sum : sums)
      values.push_back(sum(position));
    return Halide::mux(number, values);
  });
}

FailureOr<TensorFunc> emitConvTranspose(ConvTransposeOp op, KernelBuilder &builder) {
  LayoutAttr layout = getLayout(op.getW().getType());
  if (layout && layout.getWinograd())
    return emitWinograd(op, builder);
  llvm::StringRef algorithm = builder.getSchedule().getAlgorithm().getValue();
  if (op == builder.getAnchorOp() && algorithm == "direct")
    return emitDirect(op, builder);
  if (op == builder.getAnchorOp() && algorithm == "phases")
    return emitPhases(op, builder);
  if (op == builder.getAnchorOp() && algorithm == "rows")
    return emitRowConvolution(op, builder);
  return emitGathered(op, builder);
}

} // namespace dlc::halide
