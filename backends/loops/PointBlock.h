// SPDX-License-Identifier: Apache-2.0
/// \file
/// Points between pixels. All channels of an image take the same pixels with the same weights, so these are computed
/// once for a block of points, in memory of the kernel's own, before a loop over channels reads them.
#ifndef DLC_BACKENDS_LOOPS_POINTBLOCK_H
#define DLC_BACKENDS_LOOPS_POINTBLOCK_H

#include "backends/loops/LoopBody.h"

namespace dlc::loops {

class PointBlock {
public:
  /// Points in a block: offsets and weights of four corners take 3 to 4 kB.
  static constexpr int64_t capacity = 64;

  /// Allocates; outside all loops. Weights are in `type`.
  PointBlock(LoopBody &body, mlir::Type type, int64_t corners);

  /// `offset` is that of a pixel of channel 0.
  void set(Scalar point, int64_t corner, Scalar offset, Scalar weight);
  /// The weighted sum of a point's pixels of `x`, `shift` elements on; weights of 0 take nothing, NaN included.
  Scalar interpolate(const LoopTensor &x, Scalar point, Scalar shift) const;
  /// The weighted pixels of a point one by one, in their order.
  llvm::SmallVector<Scalar> getTerms(const LoopTensor &x, Scalar point, Scalar shift) const;
  /// Adds `share` times its weight to each of a point's pixels in `sums`.
  void spread(const LoopTensor &sums, Scalar point, Scalar shift, Scalar share) const;

  /// Runs `step` for blocks of `count` numbers, with the first one and how many there are.
  static void forBlocks(LoopBody &body, Scalar count, llvm::function_ref<void(Scalar first, Scalar size)> step);

private:
  LoopBody &body;
  int64_t corners;
  LoopTensor offsets, weights; ///< [corners, capacity]
};

} // namespace dlc::loops

#endif // DLC_BACKENDS_LOOPS_POINTBLOCK_H
