// SPDX-License-Identifier: Apache-2.0
// Maxima of parts of regions of interest, and their gradient. Each region and channel is computed apart.
#include "backends/loops/LoopBodyInterface.h"
#include "backends/loops/RegionGrid.h"
#include "ir/OpsSampling.h"

using namespace mlir;

namespace dlc::loops {
namespace {

/// Pixels from `begin` to `end` - 1.
struct PixelRange {
  Scalar begin, end;
};

/// The parts of regions of `x`, the images or what has their shape.
class RegionParts {
public:
  RegionParts(LoopBody &body, const LoopTensor &regions, const LoopTensor &x, Type type, double scale, Scalar height,
              Scalar width)
      : body(body), regions(regions), x(x), type(type), scale(scale), height(height), width(width) {}

  Scalar getImage(Scalar region) const {
    return clampImage(regions.load({region, body.integer(0)}).toPosition(), x.getExtent(0));
  }
  PixelRange getRows(Scalar region, Scalar row) const { return getPart(region, 2, row, height, x.getExtent(2)); }
  PixelRange getColumns(Scalar region, Scalar column) const {
    return getPart(region, 1, column, width, x.getExtent(3));
  }

  /// Calls `found` with the row, the column and the value of the first largest pixel of a part of a channel; NaN is
  /// larger than every number. Not where a part has no pixel.
  void findLargest(const LoopTensor &pixels, Scalar image, Scalar channel, PixelRange rows, PixelRange columns,
                   llvm::function_ref<void(Scalar row, Scalar column, Scalar pixel)> found) const {
    body.ifTrue((rows.begin < rows.end) & (columns.begin < columns.end) & (x.getExtent(0) > 0), [&] {
      Variable bestRow = body.variable(rows.begin), bestColumn = body.variable(columns.begin);
      Variable best = body.variable(pixels.load({image, channel, rows.begin, columns.begin}));
      body.forRange(rows.begin, rows.end, [&](Scalar row) {
        body.forRange(columns.begin, columns.end, [&](Scalar column) {
          Scalar pixel = pixels.load({image, channel, row, column});
          Scalar isLarger = (pixel > best.get()) | (isNaN(pixel) & !isNaN(best.get()));
          auto replace = [&](Variable variable, Scalar value) {
            variable.set(select(isLarger, value, variable.get()));
          };
          replace(bestRow, row);
          replace(bestColumn, column);
          replace(best, pixel);
        });
      });
      found(bestRow.get(), bestColumn.get(), best.get());
    });
  }

private:
  /// Part `number` of `parts` of the region between its coordinates `first` and `first` + 2.
  PixelRange getPart(Scalar region, int64_t first, Scalar number, Scalar parts, Scalar extent) const {
    Scalar low = coordinate(region, first), high = coordinate(region, first + 2);
    Scalar size = larger(high - low + 1, low.like(1)), part = size.as(type) / parts.as(type);
    auto clamp = [&](Scalar at) { return larger(smaller(at + low, extent), extent.like(0)); };
    return {clamp(floor(number.as(type) * part).toPosition()), clamp(ceil((number + 1).as(type) * part).toPosition())};
  }
  Scalar coordinate(Scalar region, int64_t number) const {
    // Far outside every image, where sums do not overflow.
    constexpr double farthest = 1 << 30;
    Scalar at = roundHalfAway(regions.load({region, body.integer(number)}).as(type) * scale).toPosition();
    return larger(smaller(at, at.like(farthest)), at.like(-farthest));
  }

  LoopBody &body;
  LoopTensor regions, x;
  Type type;
  double scale;
  Scalar height, width;
};

void writeMaxRoiPool(MaxRoiPoolOp op, LoopBody &body) {
  LoopTensor x = body.getOperand(0), regions = body.getOperand(1), result = body.getResult();
  Type type = getElementTypeOrSelf(op.getX());
  Scalar height = result.getExtent(2), width = result.getExtent(3);
  RegionParts parts(body, regions, x, type, op.getSpatialScale().convertToDouble(), height, width);
  body.forDim(0, [&](Scalar region) {
    Scalar image = parts.getImage(region);
    body.forBox({height, width}, [&](llvm::ArrayRef<Scalar> part) {
      PixelRange rows = parts.getRows(region, part[0]), columns = parts.getColumns(region, part[1]);
      body.forDim(1, [&](Scalar channel) {
        Variable best = body.variable(body.number(0, type));
        parts.findLargest(x, image, channel, rows, columns, [&](Scalar, Scalar, Scalar pixel) { best.set(pixel); });
        result.store({region, channel, part[0], part[1]}, best.get());
      });
    });
  });
}

void writeMaxRoiPoolGradient(MaxRoiPoolGradientOp op, LoopBody &body) {
  LoopTensor gradient = body.getOperand(0), regions = body.getOperand(1), x = body.getOperand(2),
             result = body.getResult();
  Type type = getElementTypeOrSelf(op.getX());
  Scalar zero = body.integer(0), height = gradient.getExtent(2), width = gradient.getExtent(3);
  RegionParts parts(body, regions, x, type, op.getSpatialScale().convertToDouble(), height, width);
  body.forDim(0, [&](Scalar image) {
    body.forDim(1, [&](Scalar channel) {
      body.forBox({result.getExtent(2), result.getExtent(3)}, [&](llvm::ArrayRef<Scalar> pixel) {
        result.store({image, channel, pixel[0], pixel[1]}, body.number(0, type));
      });
      body.forRange(zero, regions.getExtent(0), [&](Scalar region) {
        body.ifTrue(parts.getImage(region) == image, [&] {
          body.forBox({height, width}, [&](llvm::ArrayRef<Scalar> part) {
            PixelRange rows = parts.getRows(region, part[0]), columns = parts.getColumns(region, part[1]);
            parts.findLargest(x, image, channel, rows, columns, [&](Scalar row, Scalar column, Scalar) {
              llvm::SmallVector<Scalar> index{image, channel, row, column};
              Scalar share = gradient.load({region, channel, part[0], part[1]});
              result.store(index, result.load(index) + share.as(type));
            });
          });
        });
      });
    });
  });
}

} // namespace

void addMaxRoiPool(MLIRContext *context) {
  addBody<MaxRoiPoolOp, &writeMaxRoiPool>(context);
  addBody<MaxRoiPoolGradientOp, &writeMaxRoiPoolGradient>(context);
}

} // namespace dlc::loops
