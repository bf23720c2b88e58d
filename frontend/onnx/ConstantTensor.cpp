// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/ConstantTensor.h"
#include "formats/onnx/ElementTypes.h"
#include "ir/ElementConversion.h"
#include "onnx-ml.pb.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APSInt.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir;

namespace dlc::onnx_import {

Type getElementType(int onnxType, MLIRContext *context) { return onnx_format::getElementType(onnxType, context); }

std::string getElementTypeName(int onnxType) { return onnx_format::getElementTypeName(onnxType); }

int64_t getPackedElements(Type elementType) {
  unsigned width = elementType.getIntOrFloatBitWidth();
  return width == 2 || width == 4 ? 8 / width : 1;
}

int64_t getElementSize(Type elementType) { return (elementType.getIntOrFloatBitWidth() + 7) / 8; }

std::optional<int64_t> getTensorSize(ArrayRef<int64_t> shape, Type elementType) {
  constexpr int64_t maxElements = int64_t(1) << 40;
  int64_t elements = 1;
  bool isEmpty = false;
  for (int64_t extent : shape) {
    // Compared before they are multiplied: the product of two extents may be 0 in 64 bits.
    if (extent < 0 || extent > (maxElements - 1) / elements)
      return std::nullopt;
    isEmpty |= extent == 0;
    elements *= std::max<int64_t>(extent, 1);
  }
  return isEmpty ? 0 : elements * getElementSize(elementType);
}

template <typename T> static T load(const char *bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

double readReal(Type elementType, const char *bytes) {
  if (elementType.isF32())
    return load<float>(bytes);
  if (elementType.isF64())
    return load<double>(bytes);
  if (auto type = llvm::dyn_cast<FloatType>(elementType))
    return readFloat(getElementSize(elementType) == 1 ? load<uint8_t>(bytes) : load<uint16_t>(bytes), type)
        .convertToDouble();
  return elementType.isUnsignedInteger(64) ? static_cast<double>(load<uint64_t>(bytes))
                                           : static_cast<double>(readInteger(elementType, bytes));
}

int64_t readInteger(Type elementType, const char *bytes) {
  if (!isInteger(elementType))
    return convertToInteger(llvm::APFloat(readReal(elementType, bytes)), IntegerType::get(elementType.getContext(), 64))
        .getSExtValue();
  bool isSigned = !isUnsigned(elementType);
  if (unsigned width = elementType.getIntOrFloatBitWidth(); width < 8 && width > 1) {
    auto value = static_cast<int64_t>(load<uint8_t>(bytes)) & ((1 << width) - 1);
    return isSigned ? llvm::SignExtend64(value, width) : value;
  }
  switch (getElementSize(elementType)) {
  case 1:
    return isSigned ? load<int8_t>(bytes) : load<uint8_t>(bytes);
  case 2:
    return isSigned ? load<int16_t>(bytes) : load<uint16_t>(bytes);
  case 4:
    return isSigned ? load<int32_t>(bytes) : static_cast<int64_t>(load<uint32_t>(bytes));
  default:
    return load<int64_t>(bytes);
  }
}

/// Little-endian: the low bytes come first.
static void store(Type elementType, const llvm::APInt &element, char *bytes) {
  uint64_t bits = element.getZExtValue();
  std::memcpy(bytes, &bits, getElementSize(elementType));
}

template <typename NumberT> static void writeNumber(Type elementType, const NumberT &value, char *bytes) {
  if (auto type = llvm::dyn_cast<FloatType>(elementType))
    store(elementType, convertToFloat(value, type).bitcastToAPInt(), bytes);
  else
    store(elementType, convertToInteger(value, llvm::cast<IntegerType>(elementType)), bytes);
}

void writeInteger(Type elementType, int64_t value, char *bytes) {
  writeNumber(elementType, llvm::APSInt::get(value), bytes);
}

void writeReal(Type elementType, double value, char *bytes) { writeNumber(elementType, llvm::APFloat(value), bytes); }

} // namespace dlc::onnx_import
