// SPDX-License-Identifier: Apache-2.0
// Values of images between their pixels, and their gradients. Pixels and weights of a block of points are computed once
// for all channels; the loop over the points of a block is innermost, and reads and writes rows of the result, so that
// it becomes vectors where the machine gathers.
#include "backends/loops/LoopBodyInterface.h"
#include "backends/loops/PointBlock.h"
#include "ir/OpsSampling.h"

using namespace mlir;

namespace dlc::loops {
namespace {

class PixelSampler {
public:
  /// `x` is the images or what has their shape, [N, G, C, D1, ..., DS].
  PixelSampler(LoopBody &body, const LoopTensor &x, const LoopTensor &positions, Type type)
      : body(body), x(x), positions(positions), type(type), spatial(x.getRank() - 3),
        block(body, type, int64_t(1) << (x.getRank() - 3)), hasPixels(x.getExtent(2) > 0) {
    for (int64_t dim = 0; dim < spatial; ++dim)
      hasPixels = hasPixels & (x.getExtent(3 + dim) > 0);
  }

  /// Fills blocks of points of tap `tap`; calls `step` for each, with the number of its first point and its size. No
  /// block where images have no pixels. With `along` the weights are their derivatives with respect to the coordinate
  /// of that number.
  void forBlocks(Scalar image, Scalar group, Scalar tap, std::optional<int64_t> along,
                 llvm::function_ref<void(Scalar first, Scalar size)> step) {
    body.ifTrue(hasPixels, [&] {
      PointBlock::forBlocks(body, positions.getExtent(4), [&](Scalar first, Scalar size) {
        body.forRange(body.integer(0), size,
                      [&](Scalar point) { setPoint(point, {image, group, tap}, first + point, along); });
        step(first, size);
      });
    });
  }

  const PointBlock &getBlock() const { return block; }
  int64_t getSpatialRank() const { return spatial; }
  Scalar hasAnyPixels() const { return hasPixels; }

private:
  /// A coordinate's two pixels: their indices, moved into the image, and weights, 0 outside.
  struct Side {
    Scalar index, weight;
  };
  std::array<Side, 2> getSides(Scalar at, Scalar extent, bool isDerivative) {
    Scalar low = floor(at), fraction = at - low, none = at.like(0), last = extent - 1;
    std::array<Side, 2> sides;
    for (int64_t side = 0; side < 2; ++side) {
      Scalar pixel = side == 0 ? low : low + 1, weight = side == 0 ? 1.0 - fraction : fraction;
      if (isDerivative)
        weight = at.like(side == 0 ? -1 : 1);
      Scalar isInside = (pixel >= 0) & (pixel <= last.as(at.getType()));
      sides[side] = {larger(smaller(pixel.toPosition(), last), last.like(0)), select(isInside, weight, none)};
    }
    return sides;
  }

  void setPoint(Scalar point, std::array<Scalar, 3> tap, Scalar number, std::optional<int64_t> along) {
    llvm::SmallVector<std::array<Side, 2>> dims;
    for (int64_t dim = 0; dim < spatial; ++dim) {
      Scalar at = positions.load({tap[0], tap[1], tap[2], body.integer(dim), number}).as(type);
      dims.push_back(getSides(at, x.getExtent(3 + dim), along == dim));
    }
    for (int64_t corner = 0; corner < int64_t(1) << spatial; ++corner) {
      Scalar weight = body.number(1, type);
      llvm::SmallVector<Scalar> index{tap[0], tap[1], body.integer(0)};
      for (int64_t dim = 0; dim < spatial; ++dim) {
        const Side &side = dims[dim][corner >> (spatial - 1 - dim) & 1];
        weight = weight * side.weight;
        index.push_back(side.index);
      }
      block.set(point, corner, x.getOffset(index), weight);
    }
  }

  LoopBody &body;
  LoopTensor x, positions;
  Type type;
  int64_t spatial;
  PointBlock block;
  Scalar hasPixels;
};

/// Sets the elements of the result that this call computes to 0; threads may share its first `rank` dimensions.
void clear(LoopBody &body, int64_t rank, Type type) {
  LoopTensor result = body.getResult();
  body.forResult(rank, [&](llvm::ArrayRef<Scalar> outer) {
    body.forBox(result.getExtents().drop_front(rank), [&](llvm::ArrayRef<Scalar> inner) {
      llvm::SmallVector<Scalar> index(outer);
      index.append(inner.begin(), inner.end());
      result.store(index, body.number(0, type));
    });
  });
}

void writeSamplePixels(SamplePixelsOp op, LoopBody &body) {
  LoopTensor x = body.getOperand(0), positions = body.getOperand(1), result = body.getResult();
  Type type = getElementTypeOrSelf(op.getX());
  PixelSampler sampler(body, x, positions, type);
  body.ifTrue(!sampler.hasAnyPixels(), [&] { clear(body, 4, type); });
  body.forResult(2, [&](llvm::ArrayRef<Scalar> image) {
    body.forDim(3, [&](Scalar tap) {
      sampler.forBlocks(image[0], image[1], tap, std::nullopt, [&](Scalar first, Scalar size) {
        body.forDim(2, [&](Scalar channel) {
          Scalar row = result.getOffset({image[0], image[1], channel, tap, first});
          body.forRange(body.integer(0), size, [&](Scalar point) {
            Scalar value = sampler.getBlock().interpolate(x, point, channel * x.getStride(2));
            result.storeAt(row + point * result.getStride(4), value);
          });
        });
      });
    });
  });
}

void writeSamplePixelsGradient(SamplePixelsGradientOp op, LoopBody &body) {
  LoopTensor gradient = body.getOperand(0), positions = body.getOperand(1), result = body.getResult();
  Type type = getElementTypeOrSelf(op.getX());
  PixelSampler sampler(body, result, positions, type);
  clear(body, 3, type);
  body.forResult(2, [&](llvm::ArrayRef<Scalar> image) {
    body.forRange(body.integer(0), positions.getExtent(2), [&](Scalar tap) {
      sampler.forBlocks(image[0], image[1], tap, std::nullopt, [&](Scalar first, Scalar size) {
        body.forDim(2, [&](Scalar channel) {
          body.forRange(body.integer(0), size, [&](Scalar point) {
            Scalar share = gradient.load({image[0], image[1], channel, tap, first + point});
            sampler.getBlock().spread(result, point, channel * result.getStride(2), share.as(type));
          });
        });
      });
    });
  });
}

void writeSamplePositionsGradient(SamplePositionsGradientOp op, LoopBody &body) {
  LoopTensor gradient = body.getOperand(0), positions = body.getOperand(1), x = body.getOperand(2),
             result = body.getResult();
  Type type = getElementTypeOrSelf(op.getX());
  PixelSampler sampler(body, x, positions, type);
  clear(body, 3, getElementTypeOrSelf(op.getType()));
  body.forResult(3, [&](llvm::ArrayRef<Scalar> tap) {
    for (int64_t dim = 0; dim < sampler.getSpatialRank(); ++dim)
      sampler.forBlocks(tap[0], tap[1], tap[2], dim, [&](Scalar first, Scalar size) {
        body.forRange(body.integer(0), x.getExtent(2), [&](Scalar channel) {
          Scalar row = result.getOffset({tap[0], tap[1], tap[2], body.integer(dim), first});
          body.forRange(body.integer(0), size, [&](Scalar point) {
            Scalar share = gradient.load({tap[0], tap[1], channel, tap[2], first + point}).as(type);
            Scalar term = share * sampler.getBlock().interpolate(x, point, channel * x.getStride(2));
            Scalar offset = row + point * result.getStride(4), sum = result.loadAt(offset);
            result.storeAt(offset, sum + term.as(sum.getType()));
          });
        });
      });
  });
}

} // namespace

void addSamplePixels(MLIRContext *context) {
  addBody<SamplePixelsOp, &writeSamplePixels>(context);
  addBody<SamplePixelsGradientOp, &writeSamplePixelsGradient>(context);
  addBody<SamplePositionsGradientOp, &writeSamplePositionsGradient>(context);
}

} // namespace dlc::loops
