// SPDX-License-Identifier: Apache-2.0
#include "ir/ConstantData.h"
#include "ir/ConstantTable.h"
#include "ir/DlcDialect.h"
#include "ir/ElementConversion.h"
#include "ir/Layout.h"
#include "ir/OpsConstant.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include <cstring>

using namespace mlir;

namespace dlc {

/// Up to this size constants are numbers in the attribute, above it bytes in the table.
static constexpr size_t maxInlineBytes = 1024;

std::optional<ConstantData> ConstantData::get(ElementsAttr value) {
  ConstantData data;
  data.type = llvm::dyn_cast<RankedTensorType>(value.getType());
  if (!data.type || !data.type.hasStaticShape() || !data.type.getElementType().isIntOrFloat())
    return std::nullopt;
  int64_t elementBytes = getElementBytes(data.type.getElementType());
  if (auto resource = llvm::dyn_cast<DenseResourceElementsAttr>(value)) {
    std::optional<llvm::ArrayRef<char>> bytes = ConstantTable::get(value.getContext()).read(resource);
    if (!bytes || static_cast<int64_t>(bytes->size()) != data.type.getNumElements() * elementBytes)
      return std::nullopt;
    data.borrowed = *bytes;
    return data;
  }
  auto dense = llvm::dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return std::nullopt;
  data.splat = dense.isSplat();
  // How MLIR stores booleans is up to MLIR.
  if (data.type.getElementType().isInteger(1)) {
    if (data.splat)
      data.owned.push_back(dense.getSplatValue<bool>());
    else
      for (bool element : dense.getValues<bool>())
        data.owned.push_back(element);
    return data;
  }
  data.borrowed = dense.getRawData();
  return data;
}

/// Reads `bytes` of an element as an unsigned integer.
static llvm::APInt readInteger(llvm::ArrayRef<char> bytes) {
  uint64_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return llvm::APInt(bytes.size() * 8, value);
}

std::optional<ConstantData> ConstantData::get(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant ? get(constant.getValue()) : std::nullopt;
}

double ConstantData::getDouble(int64_t index) const {
  Type element = type.getElementType();
  // Weights, of which there are many.
  if (element.isF32()) {
    float value;
    std::memcpy(&value, getBytes().data() + (splat ? 0 : index * sizeof(value)), sizeof(value));
    return value;
  }
  int64_t elementBytes = getElementBytes(element);
  llvm::APInt bits = readInteger(getBytes().slice(splat ? 0 : index * elementBytes, elementBytes));
  // Elements narrower than a byte are its low bits.
  if (element.getIntOrFloatBitWidth() < 8 && !element.isInteger(1))
    bits = bits.trunc(element.getIntOrFloatBitWidth());
  if (auto floating = llvm::dyn_cast<FloatType>(element)) {
    llvm::APFloat value(floating.getFloatSemantics(), bits);
    bool losesInfo;
    value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    return value.convertToDouble();
  }
  return element.isUnsignedInteger() || element.isInteger(1) ? static_cast<double>(bits.getZExtValue())
                                                             : static_cast<double>(bits.getSExtValue());
}

std::optional<double> getUniformConstant(Value value) {
  std::optional<ConstantData> data = ConstantData::get(value);
  if (!data || data->getType().getNumElements() == 0 || (!data->isSplat() && data->getType().getNumElements() != 1))
    return std::nullopt;
  return data->getDouble(0);
}

std::optional<double> getUniformFloat(Value value) {
  return llvm::isa<FloatType>(getElementTypeOrSelf(value.getType())) ? getUniformConstant(value) : std::nullopt;
}

/// A constant of `bytes` that is stored in the attribute: it is small, or MLIR has its own way to store it. Null for
/// others.
static ElementsAttr makeInline(RankedTensorType type, llvm::ArrayRef<char> bytes) {
  assert(!type.getEncoding() &&
         static_cast<int64_t>(bytes.size()) == type.getNumElements() * getElementBytes(type.getElementType()) &&
         "a constant's bytes fill its type");
  if (type.getElementType().isInteger(1)) {
    llvm::SmallVector<bool> values(bytes.size());
    llvm::transform(bytes, values.begin(), [](char byte) { return byte != 0; });
    return DenseElementsAttr::get(type, values);
  }
  return bytes.size() <= maxInlineBytes ? DenseElementsAttr::getFromRawBuffer(type, bytes) : ElementsAttr();
}

ElementsAttr makeConstant(RankedTensorType type, llvm::ArrayRef<char> bytes) {
  if (ElementsAttr value = makeInline(type, bytes))
    return value;
  ConstantTable &table = ConstantTable::get(type.getContext());
  llvm::MutableArrayRef<char> memory = table.allocate(bytes.size());
  std::memcpy(memory.data(), bytes.data(), bytes.size());
  return table.createView(type, memory, "constant");
}

ElementsAttr borrowConstant(RankedTensorType type, llvm::ArrayRef<char> bytes, llvm::StringRef name) {
  if (ElementsAttr value = makeInline(type, bytes))
    return value;
  return ConstantTable::get(type.getContext()).createView(type, bytes, name);
}

ElementsAttr makeConstantFromDoubles(RankedTensorType type, llvm::ArrayRef<double> values) {
  auto floating = llvm::cast<FloatType>(type.getElementType());
  int64_t elementBytes = getElementBytes(floating);
  std::vector<char> bytes(values.size() * elementBytes);
  if (floating.isF32()) {
    for (auto [i, value] : llvm::enumerate(values)) {
      float rounded = static_cast<float>(value);
      std::memcpy(bytes.data() + i * sizeof(rounded), &rounded, sizeof(rounded));
    }
    return makeConstant(type, bytes);
  }
  for (auto [i, value] : llvm::enumerate(values)) {
    uint64_t bits = convertToFloat(llvm::APFloat(value), floating).bitcastToAPInt().getZExtValue();
    std::memcpy(bytes.data() + i * elementBytes, &bits, elementBytes);
  }
  return makeConstant(type, bytes);
}

Value createScalar(OpBuilder &builder, Location location, double value, Type elementType) {
  auto type = RankedTensorType::get({}, elementType);
  return ConstantOp::create(builder, location, type,
                            DenseElementsAttr::get(type, builder.getFloatAttr(elementType, value).getValue()));
}

ElementsAttr reshapeConstant(ElementsAttr value, RankedTensorType type) {
  if (auto dense = llvm::dyn_cast<DenseElementsAttr>(value))
    return dense.reshape(type);
  return DenseResourceElementsAttr::get(type, llvm::cast<DenseResourceElementsAttr>(value).getRawHandle());
}

ElementsAttr sliceConstant(ElementsAttr value, RankedTensorType type, int64_t first) {
  std::optional<ConstantData> data = ConstantData::get(value);
  assert(data && "the caller has checked the constant");
  if (data->isSplat())
    return llvm::cast<DenseElementsAttr>(value).resizeSplat(type);
  int64_t elementBytes = getElementBytes(type.getElementType());
  llvm::ArrayRef<char> bytes = data->getBytes().slice(first * elementBytes, type.getNumElements() * elementBytes);
  auto resource = llvm::dyn_cast<DenseResourceElementsAttr>(value);
  return resource ? borrowConstant(type, bytes, resource.getRawHandle().getKey()) : makeConstant(type, bytes);
}

} // namespace dlc
