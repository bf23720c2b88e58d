// SPDX-License-Identifier: Apache-2.0
// Convolutions, also transposed ones, whose output channels are too few to fill vectors: vectors run along the rows of
// images, which are row-major. A tile is `columns` x `rows` positions of `planes` output channels, which are of one
// group, and of all phases of a transposed convolution, whose results are interleaved when they are stored.
//
// The only loop of a tile is over input channels; all taps are written out in it, so that an element of the image that
// is loaded once meets its taps of all rows, channels and phases, while weights are broadcast from memory. Channels are
// the outer loop of each sum, taps the inner one, whatever the tile.
//
// Rows that are shorter than a tile, which an image of open width may have, are computed with what is in the halo, and
// stored with masks.
#include "backends/halide/RowConvolution.h"
#include "backends/halide/PaddedRead.h"
#include "backends/halide/Phase.h"
#include "backends/halide/RegisterTile.h"
#include "backends/halide/SumOfProducts.h"
#include "ir/ConvolutionReach.h"

using namespace mlir;
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::TailStrategy;
using Halide::Var;

namespace dlc::halide {

namespace {
/// One phase of a spatial dimension: position q meets input `q stride + base + step t` with tap `first + tapStep t`,
/// for t below `count`.
struct Taps {
  int stride, base, step, first, tapStep, count;
};

/// What convolutions and transposed ones have in common.
struct Geometry {
  llvm::SmallVector<int64_t> strides; ///< of the result's phases
  llvm::SmallVector<int64_t> padsLow, padsHigh;
  Expr channels, filters; ///< of a group
  bool isTransposed;
};
} // namespace

static Taps getTaps(ConvOp op, size_t dim, int) {
  int64_t kernel = llvm::cast<RankedTensorType>(op.getW().getType()).getDimSize(dim + 2);
  return {static_cast<int>(op.getStrides()[dim]),
          -static_cast<int>(op.getPads()[dim]),
          static_cast<int>(op.getDilations()[dim]),
          0,
          1,
          static_cast<int>(kernel)};
}
static Taps getTaps(ConvTransposeOp op, size_t dim, int number) {
  Phase phase(op, dim, number);
  return {1, phase.base, -phase.step, phase.first, static_cast<int>(op.getStrides()[dim]), phase.count};
}

static Geometry getGeometry(ConvOp op, const TensorFunc &w) {
  llvm::ArrayRef<int64_t> pads = op.getPads();
  size_t spatial = pads.size() / 2;
  return {llvm::SmallVector<int64_t>(spatial, 1),
          llvm::SmallVector<int64_t>(pads.take_front(spatial)),
          llvm::SmallVector<int64_t>(pads.drop_front(spatial)),
          w.extents[1],
          w.extents[0] / static_cast<int>(op.getGroups()),
          false};
}
static Geometry getGeometry(ConvTransposeOp op, const TensorFunc &w) {
  Geometry geometry{llvm::SmallVector<int64_t>(op.getStrides()),     {},           {},
                    w.extents[0] / static_cast<int>(op.getGroups()), w.extents[1], true};
  for (size_t dim = 0; dim < op.getStrides().size(); ++dim) {
    ConvTransposeReach reach = getConvTransposeReach(op, dim);
    geometry.padsLow.push_back(reach.low);
    geometry.padsHigh.push_back(reach.high);
  }
  return geometry;
}

namespace {
/// A spatial dimension of the result.
struct Dimension {
  Var position, phase, tile, inTile;
  int stride;
  Expr positions; ///< undefined if there are always enough for a tile
};
} // namespace

static LogicalResult scheduleRowTiles(KernelBuilder &builder, Func sum, llvm::ArrayRef<int64_t> strides) {
  ScheduleAttr schedule = builder.getSchedule();
  int columns = static_cast<int>(schedule.getTile(columnsTile, 1)),
      rows = static_cast<int>(schedule.getTile(rowsTile, 1)),
      planes = static_cast<int>(schedule.getTile(planesTile, 1)),
      lanes = std::min(static_cast<int>(schedule.getVector()), columns);
  size_t spatial = strides.size();
  Func out = builder.getOutput();
  std::vector<Var> arguments = out.args();
  llvm::SmallVector<Dimension> dimensions;
  for (size_t i = 0; i < spatial; ++i) {
    std::string name = arguments[i].name();
    int stride = static_cast<int>(strides[spatial - 1 - i]), size = i == 0 ? columns : i == 1 ? rows : 1;
    Dimension dimension{arguments[i], Var(name + "_phase"), Var(name + "_tile"), Var(name + "_in"), stride, Expr()};
    std::optional<int64_t> extent = builder.getOutputExtent(i);
    auto buffer = out.output_buffer().dim(static_cast<int>(i));
    if (stride > 1) {
      // Of a dimension that is split, ranges begin and end with whole sets of phases.
      bool isRange = builder.getSchedule().getSplit() == static_cast<int64_t>(spatial + 1 - i);
      if (isRange) {
        buffer.set_min((buffer.min() / stride) * stride);
        buffer.set_extent((buffer.extent() / stride) * stride);
      }
      dimension.position = Var(name + "_position");
      out.split(arguments[i], dimension.position, dimension.phase, stride,
                isRange || (extent && *extent % stride == 0) ? TailStrategy::RoundUp : TailStrategy::GuardWithIf);
    }
    if (!extent || llvm::divideCeil(*extent, stride) < size)
      dimension.positions = (buffer.extent() + (stride - 1)) / stride;
    dimensions.push_back(dimension);
  }
  Var filter = arguments[spatial], filterTile("filter_tile"), filterInTile("filter_in");
  out.split(filter, filterTile, filterInTile, planes, TailStrategy::RoundUp);

  auto arrange = [&](Halide::Stage stage, int height, TailStrategy tail) {
    std::vector<Halide::VarOrRVar> order, over;
    for (auto [i, dimension] : llvm::enumerate(dimensions)) {
      int size = i == 0 ? columns : i == 1 ? height : 1;
      if (size > 1) {
        stage.split(dimension.position, dimension.tile, dimension.inTile, size,
                    i == 0 ? tail : TailStrategy::ShiftInwards);
        order.push_back(dimension.inTile);
      }
      if (dimension.stride > 1)
        order.push_back(dimension.phase);
      over.push_back(size > 1 ? dimension.tile : dimension.position);
    }
    order.push_back(filterInTile);
    order.insert(order.end(), over.begin(), over.end());
    order.insert(order.end(), {filterTile, arguments.back()});
    stage.reorder(order);
    if (columns > 1)
      stage.vectorize(dimensions[0].inTile, lanes).unroll(dimensions[0].inTile);
    if (height > 1)
      stage.unroll(dimensions[1].inTile);
    for (const Dimension &dimension : dimensions)
      if (dimension.stride > 1)
        stage.unroll(dimension.phase);
    stage.unroll(filterInTile);
  };
  // The last tile is shifted inwards, and computes some elements again.
  Expr isLarge;
  for (auto [i, dimension] : llvm::enumerate(llvm::ArrayRef(dimensions).take_front(2)))
    if (dimension.positions.defined()) {
      Expr fits = dimension.positions >= (i == 0 ? columns : rows);
      isLarge = isLarge.defined() ? isLarge && fits : fits;
    }
  if (isLarge.defined()) {
    arrange(out.specialize(isLarge), rows, TailStrategy::ShiftInwards);
    bool mayBeNarrow = dimensions[0].positions.defined();
    arrange(out, 1, mayBeNarrow ? TailStrategy::GuardWithIf : TailStrategy::ShiftInwards);
  } else {
    arrange(out, rows, TailStrategy::ShiftInwards);
  }

  std::vector<Var> own = sum.args();
  sum.compute_at(out, dimensions[0].tile).bound_extent(own[0], columns);
  auto arrangeSums = [&](Halide::Stage stage) {
    stage.vectorize(own[0], lanes).unroll(own[0]);
    if (spatial > 1)
      stage.unroll(own[1]);
    stage.unroll(own[spatial]);
  };
  arrangeSums(sum);
  // All but the last of the domain are taps.
  std::vector<Halide::VarOrRVar> order(own.begin(), own.end());
  std::vector<Halide::RVar> domain = sum.rvars();
  order.insert(order.end(), domain.begin(), domain.end());
  Halide::Stage update = sum.update().reorder(order);
  arrangeSums(update);
  for (const Halide::RVar &tap : llvm::ArrayRef(domain).drop_back())
    update.unroll(tap);
  return success();
}

template <typename OpTy> static FailureOr<TensorFunc> emitRows(OpTy op, KernelBuilder &builder) {
  const TensorFunc &x = builder.get(op.getX()), &w = builder.get(op.getW());
  Geometry geometry = getGeometry(op, w);
  size_t spatial = geometry.strides.size();
  Type elementType = op.getType().getElementType();
  Expr zero = Halide::Internal::make_zero(getValueType(elementType));
  // Innermost first: positions, the output channel, the image.
  std::vector<Var> arguments;
  for (size_t i = spatial; i-- > 0;)
    arguments.emplace_back("q" + std::to_string(i));
  Var filter("filter"), image("image");
  arguments.insert(arguments.end(), {filter, image});
  int64_t phaseCount = 1;
  for (int64_t stride : geometry.strides)
    phaseCount *= stride;
  // Of each phase, whose last dimension counts fastest, and of the longest of them.
  llvm::SmallVector<llvm::SmallVector<Taps>> taps(phaseCount);
  llvm::SmallVector<int> most(spatial, 0);
  for (int64_t number = 0; number < phaseCount; ++number) {
    taps[number].resize(spatial);
    for (size_t i = spatial, rest = number; i-- > 0; rest /= geometry.strides[i]) {
      taps[number][i] = getTaps(op, i, static_cast<int>(rest % geometry.strides[i]));
      most[i] = std::max(most[i], taps[number][i].count);
    }
  }
  Exprs extents;
  for (int count : llvm::reverse(most))
    extents.emplace_back(count);
  extents.push_back(geometry.channels);
  RDom domain = makeDomain(extents);
  Expr ownChannel = domain[static_cast<int>(spatial)], channel = ownChannel, ownFilter = filter;
  if (op.getGroups() > 1)
    channel = filter / geometry.filters * geometry.channels + ownChannel;
  if (geometry.isTransposed)
    ownFilter = filter % geometry.filters;

  Func sum("sum");
  bool isTuple = phaseCount > 1;
  if (isTuple)
    sum(arguments) = Halide::Tuple(std::vector<Expr>(phaseCount, zero));
  else
    sum(arguments) = zero;
  std::vector<Expr> position(arguments.begin(), arguments.end()), totals;
  for (int64_t number = 0; number < phaseCount; ++number) {
    Exprs inputIndex{image, channel};
    Exprs weightIndex{geometry.isTransposed ? channel : ownFilter, geometry.isTransposed ? ownFilter : ownChannel};
    Expr isTap;
    for (size_t i = 0; i < spatial; ++i) {
      const Taps &own = taps[number][i];
      Expr tap = domain[static_cast<int>(spatial - 1 - i)];
      inputIndex.push_back(arguments[spatial - 1 - i] * own.stride + (own.base + own.step * tap));
      Expr weightTap = own.first + own.tapStep * tap;
      if (own.count < most[i]) {
        isTap = isTap.defined() ? isTap && tap < own.count : tap < own.count;
        weightTap = Halide::min(weightTap, w.extents[i + 2] - 1);
      }
      weightIndex.push_back(weightTap);
    }
    Expr total = isTuple ? sum(position)[static_cast<int>(number)] : Expr(sum(position));
    Expr next = total + readPadded(x, inputIndex, geometry.padsLow, geometry.padsHigh) * w.at(weightIndex);
    totals.push_back(isTap.defined() ? Halide::select(isTap, next, total) : next);
  }
  if (isTuple)
    sum(arguments) = Halide::Tuple(totals);
  else
    sum(arguments) = totals.front();
  builder.setScheduler(
      op, [sum, strides = geometry.strides](KernelBuilder &at) { return scheduleRowTiles(at, sum, strides); });
  return builder.define(op, [&](llvm::ArrayRef<Expr> index) {
    Expr number = 0;
    std::vector<Expr> at, values;
    for (size_t i = spatial; i-- > 0;)
      at.push_back(index[i + 2] / static_cast<int>(geometry.strides[i]));
    at.insert(at.end(), {index[1], index[0]});
    for (auto [i, stride] : llvm::enumerate(geometry.strides))
      number = number * static_cast<int>(stride) + index[i + 2] % static_cast<int>(stride);
    for (int phase = 0; phase < phaseCount; ++phase)
      values.push_back(isTuple ? Expr(sum(at)[phase]) : Expr(sum(at)));
    Expr value = isTuple ? Halide::mux(number, values) : values.front();
    return elementType.isF16() || elementType.isBF16() ? roundToElementType(value, elementType) : value;
  });
}

FailureOr<TensorFunc> emitRowConvolution(ConvOp op, KernelBuilder &builder) { return emitRows(op, builder); }
FailureOr<TensorFunc> emitRowConvolution(ConvTransposeOp op, KernelBuilder &builder) { return emitRows(op, builder); }

} // namespace dlc::halide
