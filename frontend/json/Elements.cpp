// SPDX-License-Identifier: Apache-2.0
#include "frontend/json/Elements.h"
#include "ir/ElementConversion.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cstring>

using namespace mlir;
using namespace dlc::json;

namespace {
struct NamedType {
  const char *name;
  Type (*make)(MLIRContext *);
};
} // namespace

template <typename FloatTy> static Type floatType(MLIRContext *context) { return FloatTy::get(context); }
template <unsigned width> static Type signless(MLIRContext *context) { return IntegerType::get(context, width); }
template <unsigned width> static Type unsignedType(MLIRContext *context) {
  return IntegerType::get(context, width, IntegerType::Unsigned);
}

static constexpr NamedType types[] = {{"f64", floatType<Float64Type>},
                                      {"f32", floatType<Float32Type>},
                                      {"f16", floatType<Float16Type>},
                                      {"bf16", floatType<BFloat16Type>},
                                      {"i64", signless<64>},
                                      {"i32", signless<32>},
                                      {"i16", signless<16>},
                                      {"i8", signless<8>},
                                      {"u64", unsignedType<64>},
                                      {"u32", unsignedType<32>},
                                      {"u16", unsignedType<16>},
                                      {"u8", unsignedType<8>},
                                      {"i1", signless<1>},
                                      {"i4", signless<4>},
                                      {"u4", unsignedType<4>},
                                      {"i2", signless<2>},
                                      {"u2", unsignedType<2>},
                                      {"f8e4m3fn", floatType<Float8E4M3FNType>},
                                      {"f8e4m3fnuz", floatType<Float8E4M3FNUZType>},
                                      {"f8e5m2", floatType<Float8E5M2Type>},
                                      {"f8e5m2fnuz", floatType<Float8E5M2FNUZType>},
                                      {"f8e8m0fnu", floatType<Float8E8M0FNUType>},
                                      {"f6e2m3fn", floatType<Float6E2M3FNType>},
                                      {"f6e3m2fn", floatType<Float6E3M2FNType>},
                                      {"f4e2m1fn", floatType<Float4E2M1FNType>}};

const std::vector<std::string> &dlc::json::getElementTypeNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const NamedType &type : types)
      result.push_back(type.name);
    return result;
  }();
  return names;
}

Type dlc::json::getElementType(StringRef name, MLIRContext *context) {
  for (const NamedType &type : types)
    if (name == type.name)
      return type.make(context);
  return {};
}

std::string dlc::json::getElementTypeName(Type type) {
  for (const NamedType &named : types)
    if (named.make(type.getContext()) == type)
      return named.name;
  return "?";
}

size_t dlc::json::getElementSize(Type type) { return (type.getIntOrFloatBitWidth() + 7) / 8; }

std::optional<uint64_t> dlc::json::getByteCount(ArrayRef<int64_t> shape, Type type) {
  constexpr uint64_t maxElements = 1ull << 40;
  uint64_t count = 1;
  // Empty tensors may have any other extents, so an extent of 0 must not hide an overflow on the way.
  if (llvm::is_contained(shape, 0))
    return 0;
  for (int64_t extent : shape) {
    bool overflowed = false;
    count = llvm::SaturatingMultiply<uint64_t>(count, extent, &overflowed);
    if (extent < 0 || overflowed || count > maxElements)
      return std::nullopt;
  }
  return count * getElementSize(type);
}

void dlc::json::storeFloat(double value, Type type, char *target) {
  if (type.isF64()) {
    memcpy(target, &value, sizeof(value));
  } else if (type.isF32()) {
    float rounded = static_cast<float>(value);
    memcpy(target, &rounded, sizeof(rounded));
  } else {
    // Little-endian: the low bytes come first.
    uint64_t bits = convertToFloat(llvm::APFloat(value), cast<FloatType>(type)).bitcastToAPInt().getZExtValue();
    memcpy(target, &bits, getElementSize(type));
  }
}

bool dlc::json::storeInteger(int64_t value, Type type, char *target) {
  unsigned width = type.getIntOrFloatBitWidth();
  bool fits = width == 1                 ? value == 0 || value == 1
              : type.isUnsignedInteger() ? value >= 0 && (width == 64 || llvm::isUIntN(width, value))
                                         : width == 64 || llvm::isIntN(width, value);
  if (!fits)
    return false;
  // Little-endian: the low bytes come first.
  if (width < 8)
    value &= (1 << width) - 1;
  memcpy(target, &value, getElementSize(type));
  return true;
}

std::string dlc::json::formatShape(ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}
