// SPDX-License-Identifier: Apache-2.0
#include "backends/loops/RegionGrid.h"

using namespace mlir;

namespace dlc::loops {

GridAxis::GridAxis(Scalar begin, Scalar end, int64_t ratio, bool atLeastOne, Scalar bins, Scalar extent)
    : begin(begin), bins(bins.as(begin.getType())), extent(extent), pixels(extent.as(begin.getType())) {
  size = end - begin;
  isGiven = atLeastOne ? size > 1 : size == size;
  if (atLeastOne)
    size = select(isGiven, size, size.like(1));
  count = ratio > 0 ? extent.like(static_cast<double>(ratio))
                    : larger(ceil(size / this->bins).toPosition(), extent.like(0));
}

BinPoints GridAxis::getPoints(Scalar bin) const {
  Scalar binSize = size / bins, step = binSize / count.as(size.getType()),
         first = begin + bin.as(size.getType()) * binSize + 0.5 * step;
  // One more on both sides than an exact quotient would give, because this one is rounded.
  Scalar none = count.like(0), low = larger(((-1.0 - first) / step).toPosition() - 1, none),
         high = smaller(((pixels - first) / step).toPosition() + 2, count);
  // Points that do not move forward are all at one position, or run backward.
  Scalar isForward = step > 0;
  low = select(isForward, smaller(low, count), none);
  return {first, step, low, larger(select(isForward, high, count) - low, none)};
}

Neighbors GridAxis::getNeighbors(const BinPoints &points, Scalar number) const {
  Scalar at = points.first + number.as(size.getType()) * points.step;
  Scalar isInside = (at >= -1) & (at <= pixels), moves = select(at > 0, at.like(1), at.like(0));
  at = larger(at, at.like(0));
  Scalar last = extent - 1, low = at.toPosition(), isLast = low >= last;
  low = select(isLast, last, low);
  at = select(isLast, last.as(at.getType()), at);
  Scalar highWeight = at - low.as(at.getType());
  return {isInside,         low,        select(isLast, last, low + 1),
          1.0 - highWeight, highWeight, select(isLast, moves.like(0), moves)};
}

Scalar GridAxis::getShareOfEnd(Scalar bin, Scalar number) const {
  Type type = size.getType();
  Scalar share = (bin.as(type) + (number.as(type) + 0.5) / count.as(type)) / bins;
  return select(isGiven, share, share.like(0));
}

} // namespace dlc::loops
