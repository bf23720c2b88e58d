// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where the points of a region of interest are in its image.
#ifndef DLC_BACKENDS_LOOPS_REGIONGRID_H
#define DLC_BACKENDS_LOOPS_REGIONGRID_H

#include "backends/loops/LoopBody.h"

namespace dlc::loops {

/// The points of one bin along one dimension: `count` of them, of which `nearby` from `begin` on may be in the image.
struct BinPoints {
  Scalar first, step; ///< in pixels
  Scalar begin, nearby;
};

/// A point's two pixels along one dimension.
struct Neighbors {
  Scalar isInside, low, high, lowWeight, highWeight;
  Scalar moves; ///< 1 where the weights follow the point, 0 where it was moved into the image
};

/// A region's bins and points along one dimension. A region may be of any size, or NaN: the points that `nearby` counts
/// are at most a few per pixel and bin.
class GridAxis {
public:
  /// A region from `begin` to `end`, in pixels of the `extent` that there are. `ratio` points per bin, or about one per
  /// pixel if it is 0; with `atLeastOne` the region is enlarged to one pixel, also where it is NaN.
  GridAxis(Scalar begin, Scalar end, int64_t ratio, bool atLeastOne, Scalar bins, Scalar extent);

  BinPoints getPoints(Scalar bin) const;
  Neighbors getNeighbors(const BinPoints &points, Scalar number) const;
  /// The points of a bin.
  Scalar getCount() const { return count; }
  /// How far point `number` of bin `bin` moves with the region's end, and that it moves with its begin: the derivatives
  /// of its position.
  Scalar getShareOfEnd(Scalar bin, Scalar number) const;
  Scalar getShareOfBegin(Scalar bin, Scalar number) const { return 1.0 - getShareOfEnd(bin, number); }

private:
  Scalar begin, bins, extent, pixels, isGiven, size, count;
};

/// A region's rows and columns.
struct RegionGrid {
  GridAxis rows, columns;

  /// The number of points of a bin in `type`, 0 if the region is empty.
  Scalar countPoints(mlir::Type type) const { return rows.getCount().as(type) * columns.getCount().as(type); }
};

/// The image that a region is part of, of `count`.
inline Scalar clampImage(Scalar image, Scalar count) { return larger(smaller(image, count - 1), image.like(0)); }

} // namespace dlc::loops

#endif // DLC_BACKENDS_LOOPS_REGIONGRID_H
