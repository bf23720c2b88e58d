// SPDX-License-Identifier: Apache-2.0
// Means and maxima of regions of interest, and the gradients of means. Each region and channel is computed apart, and a
// bin's points in their order, so results have the same bits in any number of threads. Pixels and weights of points are
// computed once for all channels, in blocks.
#include "backends/loops/LoopBodyInterface.h"
#include "backends/loops/PointBlock.h"
#include "backends/loops/RegionGrid.h"
#include "ir/OpsSampling.h"
#include <limits>

using namespace mlir;

namespace dlc::loops {
namespace {

/// The points of the bins of regions of `x`, the images or what has their shape.
class RegionSampler {
public:
  template <typename OpTy>
  RegionSampler(OpTy op, LoopBody &body, const LoopTensor &x, Type type, Scalar height, Scalar width)
      : body(body), regions(body.getOperand(1)), images(body.getOperand(2)), x(x), type(type),
        scale(op.getSpatialScale().convertToDouble()), ratio(static_cast<int64_t>(op.getSamplingRatio())),
        halfPixel(op.getHalfPixel()), height(height), width(width) {
    hasPixels = x.getExtent(0) > 0;
    for (int64_t dim = 1; dim < 4; ++dim)
      hasPixels = hasPixels & (x.getExtent(dim) > 0);
  }

  Scalar countRegions() const { return regions.getExtent(0); }
  Scalar getImage(Scalar region) const { return clampImage(images.load({region}), x.getExtent(0)); }

  RegionGrid getGrid(Scalar region) const {
    auto coordinate = [&](int64_t number) {
      Scalar given = regions.load({region, body.integer(number)}).as(type) * scale;
      return halfPixel ? given - 0.5 : given;
    };
    auto axis = [&](int64_t begin, Scalar bins, Scalar extent) {
      return GridAxis(coordinate(begin), coordinate(begin + 2), ratio, !halfPixel, bins, extent);
    };
    return {axis(1, height, x.getExtent(2)), axis(0, width, x.getExtent(3))};
  }

  /// Calls `step` for the points of a bin that are in the image, with their numbers along both dimensions.
  void forPoints(const RegionGrid &grid, Scalar row, Scalar column,
                 llvm::function_ref<void(const Neighbors &y, const Neighbors &x, Scalar atY, Scalar atX)> step) const {
    BinPoints rows = grid.rows.getPoints(row), columns = grid.columns.getPoints(column);
    forSome(grid, rows, columns, body.integer(0), rows.nearby * columns.nearby, step);
  }

  /// Fills `block` with the points of a bin that are in the image; calls `step` for each block, with their number.
  void forBlocks(const RegionGrid &grid, Scalar image, Scalar row, Scalar column, PointBlock &block,
                 llvm::function_ref<void(Scalar size)> step) const {
    BinPoints rows = grid.rows.getPoints(row), columns = grid.columns.getPoints(column);
    Scalar none = body.integer(0);
    PointBlock::forBlocks(body, select(hasPixels, rows.nearby * columns.nearby, none), [&](Scalar first, Scalar size) {
      Variable count = body.variable(none);
      forSome(grid, rows, columns, first, first + size, [&](const Neighbors &y, const Neighbors &x1, Scalar, Scalar) {
        auto set = [&](int64_t corner, Scalar atY, Scalar atX, Scalar weight) {
          block.set(count.get(), corner, x.getOffset({image, none, atY, atX}), weight);
        };
        set(0, y.low, x1.low, y.lowWeight * x1.lowWeight);
        set(1, y.low, x1.high, y.lowWeight * x1.highWeight);
        set(2, y.high, x1.low, y.highWeight * x1.lowWeight);
        set(3, y.high, x1.high, y.highWeight * x1.highWeight);
        count.set(count.get() + 1);
      });
      step(count.get());
    });
  }

  Scalar hasPixels;

private:
  void forSome(const RegionGrid &grid, const BinPoints &rows, const BinPoints &columns, Scalar begin, Scalar end,
               llvm::function_ref<void(const Neighbors &, const Neighbors &, Scalar, Scalar)> step) const {
    body.forRange(begin, end, [&](Scalar point) {
      Scalar y = rows.begin + point / columns.nearby, x1 = columns.begin + point % columns.nearby;
      Neighbors vertical = grid.rows.getNeighbors(rows, y), horizontal = grid.columns.getNeighbors(columns, x1);
      body.ifTrue(vertical.isInside & horizontal.isInside, [&] { step(vertical, horizontal, y, x1); });
    });
  }

  LoopBody &body;
  LoopTensor regions, images, x;
  Type type;
  double scale;
  int64_t ratio;
  bool halfPixel;
  Scalar height, width;
};

void writeRoiAlign(RoiAlignOp op, LoopBody &body) {
  LoopTensor x = body.getOperand(0), result = body.getResult();
  Type type = getElementTypeOrSelf(op.getX());
  bool isMaximum = op.getMaximum();
  Scalar height = result.getExtent(2), width = result.getExtent(3);
  RegionSampler sampler(op, body, x, type, height, width);
  PointBlock block(body, type, 4);
  body.forDim(0, [&](Scalar region) {
    Scalar image = sampler.getImage(region);
    RegionGrid grid = sampler.getGrid(region);
    Scalar points = grid.countPoints(type);
    body.forBox({height, width}, [&](llvm::ArrayRef<Scalar> bin) {
      auto forChannels = [&](llvm::function_ref<void(Scalar channel, Scalar offset)> step) {
        body.forDim(1, [&](Scalar channel) { step(channel, result.getOffset({region, channel, bin[0], bin[1]})); });
      };
      Scalar start = body.number(isMaximum ? -std::numeric_limits<double>::infinity() : 0.0, type);
      forChannels([&](Scalar, Scalar offset) { result.storeAt(offset, start); });
      Variable visited = body.variable(body.integer(0));
      sampler.forBlocks(grid, image, bin[0], bin[1], block, [&](Scalar size) {
        visited.set(visited.get() + size);
        forChannels([&](Scalar channel, Scalar offset) {
          Scalar shift = channel * x.getStride(1);
          Variable total = body.variable(result.loadAt(offset));
          body.forRange(body.integer(0), size, [&](Scalar point) {
            if (!isMaximum)
              return total.set(total.get() + block.interpolate(x, point, shift));
            for (Scalar term : block.getTerms(x, point, shift))
              total.set(select((term > total.get()) | isNaN(term), term, total.get()));
          });
          result.storeAt(offset, total.get());
        });
      });
      forChannels([&](Scalar, Scalar offset) {
        Scalar value = result.loadAt(offset), visits = visited.get().as(type);
        if (!isMaximum)
          return result.storeAt(offset, value / select(points > 1, points, points.like(1)));
        // Points outside the image are zeros, and so is a bin without any.
        value = select((visits < points) & (value < 0), value.like(0), value);
        result.storeAt(offset, select(visits == 0, value.like(0), value));
      });
    });
  });
}

void writeRoiAlignGradient(RoiAlignGradientOp op, LoopBody &body) {
  LoopTensor gradient = body.getOperand(0), result = body.getResult();
  Type type = getElementTypeOrSelf(op.getX());
  Scalar zero = body.integer(0), height = gradient.getExtent(2), width = gradient.getExtent(3);
  RegionSampler sampler(op, body, result, type, height, width);
  PointBlock block(body, type, 4);
  body.forDim(0, [&](Scalar image) {
    body.forDim(1, [&](Scalar channel) {
      body.forBox({result.getExtent(2), result.getExtent(3)}, [&](llvm::ArrayRef<Scalar> pixel) {
        result.store({image, channel, pixel[0], pixel[1]}, body.number(0, type));
      });
    });
    body.forRange(zero, sampler.countRegions(), [&](Scalar region) {
      body.ifTrue(sampler.getImage(region) == image, [&] {
        RegionGrid grid = sampler.getGrid(region);
        Scalar points = grid.countPoints(type);
        body.forBox({height, width}, [&](llvm::ArrayRef<Scalar> bin) {
          sampler.forBlocks(grid, image, bin[0], bin[1], block, [&](Scalar size) {
            body.forDim(1, [&](Scalar channel) {
              Scalar share = gradient.load({region, channel, bin[0], bin[1]}).as(type) / points;
              body.forRange(zero, size,
                            [&](Scalar point) { block.spread(result, point, channel * result.getStride(1), share); });
            });
          });
        });
      });
    });
  });
}

void writeRoiAlignBoxesGradient(RoiAlignBoxesGradientOp op, LoopBody &body) {
  LoopTensor gradient = body.getOperand(0), x = body.getOperand(3), result = body.getResult();
  Type type = getElementTypeOrSelf(op.getX());
  Scalar zero = body.integer(0);
  RegionSampler sampler(op, body, x, type, gradient.getExtent(2), gradient.getExtent(3));
  body.forDim(0, [&](Scalar region) {
    Scalar image = sampler.getImage(region);
    RegionGrid grid = sampler.getGrid(region);
    Scalar points = grid.countPoints(type);
    llvm::SmallVector<Variable> sums; // of x1, y1, x2, y2
    for (int64_t coordinate = 0; coordinate < 4; ++coordinate)
      sums.push_back(body.variable(body.number(0, type)));
    auto add = [&](Variable sum, Scalar term) { sum.set(sum.get() + term); };
    body.ifTrue(sampler.hasPixels, [&] {
      body.forBox({gradient.getExtent(2), gradient.getExtent(3)}, [&](llvm::ArrayRef<Scalar> bin) {
        sampler.forPoints(grid, bin[0], bin[1], [&](const Neighbors &y, const Neighbors &x1, Scalar atY, Scalar atX) {
          Variable alongY = body.variable(body.number(0, type)), alongX = body.variable(body.number(0, type));
          body.forRange(zero, x.getExtent(1), [&](Scalar channel) {
            auto pixel = [&](Scalar row, Scalar column) { return x.load({image, channel, row, column}); };
            Scalar share = gradient.load({region, channel, bin[0], bin[1]}).as(type) / points;
            Scalar topLeft = pixel(y.low, x1.low), topRight = pixel(y.low, x1.high), bottomLeft = pixel(y.high, x1.low),
                   bottomRight = pixel(y.high, x1.high);
            add(alongY, share * ((bottomLeft - topLeft) * x1.lowWeight + (bottomRight - topRight) * x1.highWeight));
            add(alongX, share * ((topRight - topLeft) * y.lowWeight + (bottomRight - bottomLeft) * y.highWeight));
          });
          Scalar dy = alongY.get() * y.moves, dx = alongX.get() * x1.moves;
          add(sums[0], dx * grid.columns.getShareOfBegin(bin[1], atX));
          add(sums[1], dy * grid.rows.getShareOfBegin(bin[0], atY));
          add(sums[2], dx * grid.columns.getShareOfEnd(bin[1], atX));
          add(sums[3], dy * grid.rows.getShareOfEnd(bin[0], atY));
        });
      });
    });
    for (int64_t coordinate = 0; coordinate < 4; ++coordinate)
      result.store({region, body.integer(coordinate)}, sums[coordinate].get() * op.getSpatialScale().convertToDouble());
  });
}

} // namespace

void addRoiAlign(MLIRContext *context) {
  addBody<RoiAlignOp, &writeRoiAlign>(context);
  addBody<RoiAlignGradientOp, &writeRoiAlignGradient>(context);
  addBody<RoiAlignBoxesGradientOp, &writeRoiAlignBoxesGradient>(context);
}

} // namespace dlc::loops
