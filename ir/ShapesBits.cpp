// SPDX-License-Identifier: Apache-2.0
#include "ir/Layout.h"
#include "ir/OpsBits.h"

using namespace mlir;

namespace dlc {

LogicalResult BitCastOp::inferShape(std::optional<Location> location, Adaptor adaptor, llvm::ArrayRef<Dims> dims,
                                    Dims &result) {
  Type from = getElementTypeOrSelf(adaptor.getX()), to = adaptor.getTo();
  // Types narrower than a byte have the same bits at the same positions.
  bool isNarrow = from.getIntOrFloatBitWidth() < 8 || to.getIntOrFloatBitWidth() < 8;
  bool areBytes = getElementBytes(from) == 1 && getElementBytes(to) == 1 && (from.isInteger(1) || to.isInteger(1));
  if (getElementBytes(from) != getElementBytes(to) ||
      (isNarrow && !areBytes && from.getIntOrFloatBitWidth() != to.getIntOrFloatBitWidth()))
    return emitOptionalError(location, "bit_cast expects element types of one width, got ", from, " and ", to);
  result = dims[0];
  return success();
}

int64_t BitCastOp::getParallelRank() { return llvm::cast<RankedTensorType>(getType()).getRank(); }
int64_t BitCastOp::getScalarOperations() { return 1; }

} // namespace dlc
