// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/KnownValue.h"
#include "ir/ExtentAlgebra.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace dlc::onnx_import {

/// An integer element, unless it is too large to be followed.
static std::optional<KnownElement> readKnownInteger(Type type, const char *bytes) {
  int64_t value = readInteger(type, bytes);
  if (type.isUnsignedInteger(64) && value < 0)
    return std::nullopt;
  return KnownElement(getAffineConstantExpr(value, type.getContext()));
}

std::optional<KnownValue> KnownValue::read(ConstantTensor tensor) {
  Type type = tensor.type.getElementType();
  KnownValue value{type, SmallVector<int64_t>(tensor.type.getShape()), {}};
  int64_t size = getElementSize(type);
  for (int64_t i = 0, count = tensor.type.getNumElements(); i < count; ++i) {
    const char *bytes = tensor.bytes.data() + i * size;
    std::optional<KnownElement> element =
        isInteger(type) ? readKnownInteger(type, bytes) : KnownElement(readReal(type, bytes));
    if (!element)
      return std::nullopt;
    value.elements.push_back(*element);
  }
  return value;
}

void KnownValue::write(MutableArrayRef<char> bytes) const {
  int64_t size = getElementSize(elementType);
  for (auto [i, element] : llvm::enumerate(elements)) {
    if (element.expression && element.divisor == 1)
      writeInteger(elementType, *constantDim(element.expression), bytes.data() + i * size);
    else
      writeReal(elementType, element.asReal(), bytes.data() + i * size);
  }
}

std::optional<KnownElement> convertElement(const KnownElement &element, Type type) {
  if (!element.isConstant()) {
    // An extent fits every type that models use for shape arithmetic; narrower ones would wrap.
    MLIRContext *context = type.getContext();
    if (isBool(type))
      return KnownElement(subtractExtents(getAffineConstantExpr(1, context),
                                          isEqualExtent(element.expression, getAffineConstantExpr(0, context))));
    if (isInteger(type) && type.getIntOrFloatBitWidth() < 32)
      return std::nullopt;
    if (isInteger(type))
      return KnownElement(truncateQuotient(element.expression, getAffineConstantExpr(element.divisor, context)));
    return element;
  }
  char bytes[8] = {};
  if (element.expression && element.divisor == 1)
    writeInteger(type, *constantDim(element.expression), bytes);
  else
    writeReal(type, element.asReal(), bytes);
  return isInteger(type) ? readKnownInteger(type, bytes) : KnownElement(readReal(type, bytes));
}

std::optional<KnownElement> asFraction(const KnownElement &element, MLIRContext *context) {
  if (element.expression)
    return element;
  int64_t divisor = 1;
  double number = element.number;
  for (; number != std::floor(number) && divisor < (1 << 20); divisor *= 2)
    number *= 2;
  if (number != std::floor(number) || !(std::abs(number) < 0x1p31))
    return std::nullopt;
  return KnownElement(getAffineConstantExpr(static_cast<int64_t>(number), context), divisor);
}

KnownValue pickElements(const KnownValue &source, ArrayRef<int64_t> shape,
                        llvm::function_ref<int64_t(int64_t)> sourceOf) {
  KnownValue result{source.elementType, SmallVector<int64_t>(shape), {}};
  for (int64_t i = 0, count = countElements(shape); i < count; ++i)
    result.elements.push_back(source.elements[sourceOf(i)]);
  return result;
}

int64_t countElements(ArrayRef<int64_t> shape) {
  if (llvm::is_contained(shape, 0))
    return 0;
  uint64_t count = 1;
  for (int64_t extent : shape)
    count = llvm::SaturatingMultiply<uint64_t>(count, extent);
  return std::min<uint64_t>(count, std::numeric_limits<int64_t>::max());
}

std::optional<SmallVector<int64_t>> broadcastShapes(ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs) {
  if (lhs.size() < rhs.size())
    std::swap(lhs, rhs);
  SmallVector<int64_t> result(lhs);
  for (size_t i = 0; i < rhs.size(); ++i) {
    int64_t &extent = result[lhs.size() - rhs.size() + i];
    if (extent != rhs[i] && extent != 1 && rhs[i] != 1)
      return std::nullopt;
    if (extent == 1)
      extent = rhs[i];
  }
  return result;
}

int64_t broadcastPosition(int64_t position, ArrayRef<int64_t> result, ArrayRef<int64_t> shape) {
  int64_t source = 0, stride = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t extent = shape[shape.size() - 1 - i], resultExtent = result[result.size() - 1 - i];
    int64_t index = position % resultExtent;
    position /= resultExtent;
    if (extent != 1)
      source += index * stride;
    stride *= extent;
  }
  return source;
}

} // namespace dlc::onnx_import
