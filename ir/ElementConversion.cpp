// SPDX-License-Identifier: Apache-2.0
#include "ir/ElementConversion.h"

using namespace mlir;
using llvm::APFloat;
using llvm::APInt;
using llvm::APSInt;

namespace dlc {

APInt convertToInteger(const APFloat &value, IntegerType type) {
  if (type.getWidth() == 1)
    return APInt(1, !value.isZero());
  bool isExact;
  if (type.getWidth() < 8) {
    APSInt wide(32, /*isUnsigned=*/false);
    value.convertToInteger(wide, APFloat::rmTowardZero, &isExact);
    return wide.trunc(type.getWidth());
  }
  APSInt result(type.getWidth(), type.isUnsigned());
  // Saturates, and gives 0 for NaN.
  value.convertToInteger(result, APFloat::rmTowardZero, &isExact);
  return result;
}

APInt convertToInteger(const APSInt &value, IntegerType type) {
  if (type.getWidth() == 1)
    return APInt(1, !value.isZero());
  return value.extOrTrunc(type.getWidth());
}

/// The power of two that `value` is or that comes after it; f8E8M0FNU has no others, no 0 and no signs.
static APFloat convertToPowerOfTwo(const APFloat &value, FloatType type) {
  const llvm::fltSemantics &semantics = type.getFloatSemantics();
  if (value.isNaN() || value.isInfinity())
    return APFloat::getNaN(semantics);
  APFloat smallest = APFloat::getSmallest(semantics), largest = APFloat::getLargest(semantics);
  bool losesInformation;
  smallest.convert(value.getSemantics(), APFloat::rmTowardZero, &losesInformation);
  largest.convert(value.getSemantics(), APFloat::rmTowardZero, &losesInformation);
  APFloat magnitude = abs(value);
  if (magnitude <= smallest)
    return APFloat::getSmallest(semantics);
  if (magnitude >= largest)
    return APFloat::getLargest(semantics);
  int exponent = ilogb(magnitude);
  APFloat power = scalbn(APFloat(value.getSemantics(), 1), exponent, APFloat::rmTowardZero);
  if (power < magnitude)
    power = scalbn(power, 1, APFloat::rmTowardZero);
  power.convert(semantics, APFloat::rmTowardZero, &losesInformation);
  return power;
}

APFloat convertToFloat(const APFloat &value, FloatType type) {
  const llvm::fltSemantics &semantics = type.getFloatSemantics();
  bool isSmall = type.getWidth() <= 8;
  if (isSmall && !APFloat::semanticsHasZero(semantics))
    return convertToPowerOfTwo(value, type);
  if (isSmall && value.isNaN() && !APFloat::semanticsHasNaN(semantics))
    return APFloat::getZero(semantics);
  if (isSmall && value.isInfinity())
    return APFloat::getLargest(semantics, value.isNegative());
  APFloat result = value;
  bool losesInformation;
  result.convert(semantics, APFloat::rmNearestTiesToEven, &losesInformation);
  if (isSmall && !value.isNaN() && !result.isFinite())
    return APFloat::getLargest(semantics, value.isNegative());
  return result;
}

APFloat readFloat(uint64_t bits, FloatType type) {
  return APFloat(type.getFloatSemantics(), APInt(64, bits).trunc(type.getWidth()));
}

APFloat convertToFloat(const APSInt &value, FloatType type) {
  if (type.getWidth() <= 8) {
    // 64 bits of precision are exact for every integer.
    APFloat exact(APFloat::x87DoubleExtended());
    exact.convertFromAPInt(value, value.isSigned(), APFloat::rmNearestTiesToEven);
    return convertToFloat(exact, type);
  }
  APFloat result(type.getFloatSemantics());
  result.convertFromAPInt(value, value.isSigned(), APFloat::rmNearestTiesToEven);
  return result;
}

Attribute makeElement(double value, Type elementType) {
  if (auto type = llvm::dyn_cast<FloatType>(elementType))
    return FloatAttr::get(type, convertToFloat(APFloat(value), type));
  auto type = llvm::cast<IntegerType>(elementType);
  return IntegerAttr::get(type, convertToInteger(APFloat(value), type));
}

} // namespace dlc
