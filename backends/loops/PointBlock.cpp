// SPDX-License-Identifier: Apache-2.0
#include "backends/loops/PointBlock.h"

using namespace mlir;

namespace dlc::loops {

PointBlock::PointBlock(LoopBody &body, Type type, int64_t corners) : body(body), corners(corners) {
  llvm::SmallVector<Scalar> extents{body.integer(corners), body.integer(capacity)};
  offsets = body.allocate(body.getBuilder().getI64Type(), extents);
  weights = body.allocate(type, extents);
}

void PointBlock::set(Scalar point, int64_t corner, Scalar offset, Scalar weight) {
  offsets.store({body.integer(corner), point}, offset);
  weights.store({body.integer(corner), point}, weight);
}

llvm::SmallVector<Scalar> PointBlock::getTerms(const LoopTensor &x, Scalar point, Scalar shift) const {
  llvm::SmallVector<Scalar> terms;
  for (int64_t corner = 0; corner < corners; ++corner) {
    llvm::SmallVector<Scalar> index{body.integer(corner), point};
    Scalar weight = weights.load(index), pixel = x.loadAt(offsets.load(index) + shift).as(weight.getType());
    terms.push_back(select(weight == 0, weight.like(0), weight * pixel));
  }
  return terms;
}

Scalar PointBlock::interpolate(const LoopTensor &x, Scalar point, Scalar shift) const {
  llvm::SmallVector<Scalar> terms = getTerms(x, point, shift);
  Scalar sum = terms.front();
  for (Scalar term : llvm::drop_begin(terms))
    sum = sum + term;
  return sum;
}

void PointBlock::spread(const LoopTensor &sums, Scalar point, Scalar shift, Scalar share) const {
  for (int64_t corner = 0; corner < corners; ++corner) {
    llvm::SmallVector<Scalar> index{body.integer(corner), point};
    Scalar weight = weights.load(index), offset = offsets.load(index) + shift;
    Scalar sum = sums.loadAt(offset);
    sums.storeAt(offset, select(weight == 0, sum, sum + (share * weight).as(sum.getType())));
  }
}

void PointBlock::forBlocks(LoopBody &body, Scalar count, llvm::function_ref<void(Scalar, Scalar)> step) {
  body.forRange(body.integer(0), (count + (capacity - 1)) / capacity, [&](Scalar block) {
    Scalar first = block * capacity;
    step(first, smaller(count - first, body.integer(capacity)));
  });
}

} // namespace dlc::loops
