// SPDX-License-Identifier: Apache-2.0
#include "ir/OpsSelection.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc {

/// Scalar operations for each of the `k` elements that are selected of a row along `axis` of `x`; all if it is -1.
static int64_t getSelectionOperations(Value x, int64_t k, int64_t axis) {
  constexpr int64_t typicalExtent = 1000;
  int64_t extent = llvm::cast<RankedTensorType>(x.getType()).getDimSize(axis);
  if (ShapedType::isDynamic(extent))
    extent = typicalExtent;
  if (k < 0)
    k = extent;
  // Every element of the row is looked at, and the selected ones are sorted several times.
  constexpr int64_t perElement = 3, perComparison = 20;
  return perElement * extent / std::max<int64_t>(k, 1) +
         perComparison * (1 + llvm::Log2_64_Ceil(std::max<int64_t>(k, 1)));
}

int64_t TopKOp::getParallelRank() { return getAxis(); }
int64_t TopKOp::getScalarOperations() { return getSelectionOperations(getX(), getK(), getAxis()); }

int64_t TopKIndicesOp::getParallelRank() { return getAxis(); }
int64_t TopKIndicesOp::getScalarOperations() { return getSelectionOperations(getX(), getK(), getAxis()); }

} // namespace dlc
