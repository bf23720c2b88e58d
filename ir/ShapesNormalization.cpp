// SPDX-License-Identifier: Apache-2.0
// Shape functions of normalizations whose operands have a number for each channel.
#include "ir/ExtentRequirements.h"
#include "ir/OpsNormalization.h"

using namespace mlir;

namespace dlc {

/// That of `x`, [N, C, ...]; the other operands are [C].
static LogicalResult inferPerChannel(std::optional<Location> location, llvm::ArrayRef<Dims> dims, Dims &result) {
  const Dims &x = dims[0];
  if (x.size() < 2)
    return emitOptionalError(location, "expects an operand [N, C, ...], got rank ", x.size());
  for (const Dims &operand : dims.drop_front()) {
    if (operand.size() != 1)
      return emitOptionalError(location, "expects one number per channel, got an operand of rank ", operand.size());
    if (!requireEqual(x[1], operand[0]))
      return emitOptionalError(location, "the operand has ", *constantDim(x[1]), " channels, and there are ",
                               *constantDim(operand[0]), " numbers for them");
  }
  return copyDims(x, result);
}

LogicalResult BatchNormOp::inferShape(std::optional<Location> location, Adaptor, llvm::ArrayRef<Dims> dims,
                                      Dims &result) {
  return inferPerChannel(location, dims, result);
}

LogicalResult GroupNormOp::inferShape(std::optional<Location> location, Adaptor, llvm::ArrayRef<Dims> dims,
                                      Dims &result) {
  return inferPerChannel(location, dims, result);
}

} // namespace dlc
