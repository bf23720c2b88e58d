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
  APSInt result(type.getWidth(), type.isUnsigned());
  bool isExact;
  // Saturates, and gives 0 for NaN.
  value.convertToInteger(result, APFloat::rmTowardZero, &isExact);
  return result;
}

APInt convertToInteger(const APSInt &value, IntegerType type) {
  if (type.getWidth() == 1)
    return APInt(1, !value.isZero());
  return value.extOrTrunc(type.getWidth());
}

APFloat convertToFloat(const APFloat &value, FloatType type) {
  APFloat result = value;
  bool losesInformation;
  result.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInformation);
  return result;
}

APFloat convertToFloat(const APSInt &value, FloatType type) {
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
