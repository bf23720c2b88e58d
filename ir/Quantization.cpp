// SPDX-License-Identifier: Apache-2.0
// What the ops of quantization check: extents and element types.
#include "ir/ExtentRequirements.h"
#include "ir/OpsQuantization.h"

using namespace mlir;

namespace dlc {

LogicalResult scaledDims(std::optional<Location> location, llvm::ArrayRef<Dims> operands, Dims &result) {
  result = operands.front();
  for (const Dims &scale : operands.drop_front()) {
    bool fits = scale.size() <= result.size();
    for (size_t i = 0; fits && i < scale.size(); ++i)
      fits = constantDim(scale[i]) == 1 || requireEqual(scale[i], result[result.size() - scale.size() + i]);
    if (!fits)
      return emitOptionalError(location, "a scale or zero point does not broadcast to the tensor that it belongs to");
  }
  return success();
}

static Type typeOf(Value value) { return getElementTypeOrSelf(value.getType()); }

bool isQuantized(Type type) {
  if (auto integer = llvm::dyn_cast<IntegerType>(type))
    return integer.getWidth() > 1 && integer.getWidth() <= 16;
  return llvm::isa<FloatType>(type) && type.getIntOrFloatBitWidth() <= 8;
}

LogicalResult QuantizeOp::verify() {
  if (!isQuantized(getTo()))
    return emitOpError("does not quantize to ") << getTo();
  if (typeOf(getScale()) != typeOf(getX()))
    return emitOpError("has a scale of ") << typeOf(getScale()) << " for a tensor of " << typeOf(getX());
  if (getZeroPoint() && typeOf(getZeroPoint()) != getTo())
    return emitOpError("has a zero point of ") << typeOf(getZeroPoint()) << " for a result of " << getTo();
  return success();
}

LogicalResult DequantizeOp::verify() {
  if (!isQuantized(typeOf(getX())) && !typeOf(getX()).isSignlessInteger(32))
    return emitOpError("does not dequantize ") << typeOf(getX());
  if (getZeroPoint() && typeOf(getZeroPoint()) != typeOf(getX()))
    return emitOpError("has a zero point of ") << typeOf(getZeroPoint()) << " for a tensor of " << typeOf(getX());
  return success();
}

LogicalResult CenterOp::verify() {
  unsigned width = typeOf(getX()).getIntOrFloatBitWidth();
  if (width == 1 || width > 8)
    return emitOpError("does not center ") << typeOf(getX());
  if (typeOf(getZeroPoint()) != typeOf(getX()))
    return emitOpError("has a zero point of ") << typeOf(getZeroPoint()) << " for a tensor of " << typeOf(getX());
  return success();
}

} // namespace dlc
