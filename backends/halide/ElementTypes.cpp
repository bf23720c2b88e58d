// SPDX-License-Identifier: Apache-2.0
#include "backends/halide/ElementTypes.h"
#include "backends/halide/SmallFloats.h"
#include "ir/ElementConversion.h"
#include <cmath>

using namespace mlir;
using Halide::Expr;
using Halide::reinterpret;
using Halide::select;

namespace dlc::halide {

Halide::Type getStorageType(Type elementType) {
  if (elementType.isF16() || elementType.isBF16())
    return Halide::UInt(16);
  if (elementType.isInteger(1) || isSmallFloat(elementType))
    return Halide::UInt(8);
  return getValueType(elementType);
}

Halide::Type getValueType(Type elementType) {
  if (elementType.isF64())
    return Halide::Float(64);
  if (llvm::isa<FloatType>(elementType))
    return Halide::Float(32);
  unsigned width = elementType.getIntOrFloatBitWidth();
  if (width == 1)
    return Halide::Bool();
  width = std::max(width, 8u);
  return elementType.isUnsignedInteger() ? Halide::UInt(width) : Halide::Int(width);
}

/// The low bits of a byte as an integer of a type narrower than a byte.
static Expr narrowInteger(Expr byte, Type elementType) {
  int unused = 8 - static_cast<int>(elementType.getIntOrFloatBitWidth());
  return (byte << unused) >> unused;
}

static bool isNarrowInteger(Type elementType) {
  return llvm::isa<IntegerType>(elementType) && !elementType.isInteger(1) && elementType.getIntOrFloatBitWidth() < 8;
}

Expr fromStorage(Expr stored, Type elementType) {
  if (isSmallFloat(elementType))
    return decodeSmallFloat(stored, llvm::cast<FloatType>(elementType));
  if (isNarrowInteger(elementType))
    return narrowInteger(stored, elementType);
  if (elementType.isBF16())
    return reinterpret<float>(Halide::cast<uint32_t>(stored) << 16);
  if (elementType.isF16()) {
    // Without hardware conversions Halide's emulation takes NaN for infinity.
    Expr isNan = (stored & Halide::cast<uint16_t>(0x7fff)) > Halide::cast<uint16_t>(0x7c00);
    Expr nan = Halide::Internal::make_const(Halide::Float(32), std::nan(""));
    return select(isNan, nan, Halide::cast<float>(reinterpret(Halide::Float(16), stored)));
  }
  if (elementType.isInteger(1))
    return stored != Halide::cast<uint8_t>(0);
  return stored;
}

/// Bits of the bfloat16 nearest to a float: halves go to even, NaN stays a (quiet) NaN.
static Expr bfloat16Bits(Expr value) {
  Expr bits = reinterpret<uint32_t>(value);
  Expr rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  Expr isNan = (bits & 0x7fffffff) > Halide::Internal::make_const(Halide::UInt(32), 0x7f800000);
  return Halide::cast<uint16_t>(select(isNan, (bits >> 16) | 0x40, rounded));
}

Expr toStorage(Expr value, Type elementType) {
  if (isSmallFloat(elementType))
    return encodeSmallFloat(value, llvm::cast<FloatType>(elementType), /*saturate=*/false, "down");
  if (elementType.isBF16())
    return bfloat16Bits(value);
  if (elementType.isF16())
    return select(Halide::is_nan(value), Halide::cast<uint16_t>(0x7e00),
                  reinterpret<uint16_t>(Halide::cast(Halide::Float(16), value)));
  if (elementType.isInteger(1))
    return Halide::cast<uint8_t>(value);
  return value;
}

Expr roundToElementType(Expr value, Type elementType) {
  if (elementType.isBF16() || elementType.isF16() || isSmallFloat(elementType))
    return fromStorage(toStorage(value, elementType), elementType);
  return value;
}

/// A double as a float whose last bit is set if it is not exact ("round to odd"), so that rounding it once more to 16
/// bits gives what rounding the double directly would.
static Expr narrowToOdd(Expr value) {
  Expr nearest = Halide::cast<float>(value);
  Expr bits = reinterpret<int32_t>(nearest);
  Expr tooLarge = abs(Halide::cast<double>(nearest)) > abs(value);
  Expr isExact =
      Halide::cast<double>(nearest) == value || Halide::is_nan(value) || Halide::is_inf(nearest) || (bits & 1) == 1;
  return reinterpret<float>(select(isExact, bits, tooLarge, bits - 1, bits + 1));
}

/// An integer of 64 bits as a double, whose last bits say whether it is exact ("round to odd"). Integers that double
/// holds are themselves.
static Expr widenToOdd(Expr value) {
  Halide::Type type = value.type();
  auto number = [&](int64_t constant) { return Halide::Internal::make_const(type, constant); };
  // What the 11 lowest of 64 bits hold is far below the precision of 16-bit types; one bit keeps that it is not 0.
  Expr shortened = (value & ~number(0x7ff)) | select((value & number(0x7ff)) != number(0), number(0x800), number(0));
  constexpr int64_t exact = int64_t(1) << 53;
  Expr isExact = value < number(exact);
  if (type.is_int())
    isExact = isExact && value > number(-exact);
  return Halide::cast<double>(select(isExact, value, shortened));
}

/// Floating point to integer, toward zero; never outside what the hardware's conversion defines.
static Expr truncateToInteger(Expr value, Halide::Type type) {
  Halide::Type from = value.type();
  // The smallest and largest values of the type that `from` can represent.
  double high = std::ldexp(1.0, type.is_int() ? type.bits() - 1 : type.bits());
  double low = type.is_int() ? -high : 0.0;
  Expr isNan = Halide::is_nan(value);
  Expr lowest = Halide::Internal::make_const(from, low), beyond = Halide::Internal::make_const(from, high);
  Expr safe = select(isNan || value <= lowest || value >= beyond, Halide::Internal::make_zero(from), value);
  Expr converted;
  if (type.bits() < 32)
    converted = Halide::cast(type, Halide::cast<int32_t>(safe));
  else
    converted = Halide::cast(type, safe);
  return select(isNan, Halide::Internal::make_zero(type), value >= beyond, type.max(), value <= lowest, type.min(),
                converted);
}

/// The low bits of an integer, or of what floating point is toward zero, as an integer narrower than a byte.
static Expr convertToNarrow(const Expr &value, Type to) {
  Expr integer = value.type().is_float() ? truncateToInteger(value, Halide::Int(32)) : value;
  return narrowInteger(Halide::cast(getValueType(to), integer), to);
}

Expr convertElement(Expr value, Type from, Type to, bool saturate, llvm::StringRef roundMode) {
  Halide::Type type = getValueType(to);
  if (from == to)
    return value;
  if (to.isInteger(1))
    return from.isInteger(1) ? value : value != Halide::Internal::make_zero(value.type());
  if (isNarrowInteger(to))
    return convertToNarrow(value, to);
  if (llvm::isa<FloatType>(from) && llvm::isa<IntegerType>(to))
    return truncateToInteger(value, type);
  if (to.isF16() || to.isBF16() || isSmallFloat(to)) {
    if (value.type().is_int_or_uint() && value.type().bits() == 64)
      value = widenToOdd(value);
    else if (value.type().is_int_or_uint() && value.type().bits() == 32)
      value = Halide::cast<double>(value);
    value = value.type() == Halide::Float(64) ? narrowToOdd(value) : Halide::cast<float>(value);
    if (auto small = llvm::dyn_cast<FloatType>(to); small && isSmallFloat(to))
      return decodeSmallFloat(encodeSmallFloat(value, small, saturate, roundMode), small);
    return roundToElementType(value, to);
  }
  return Halide::cast(type, value);
}

Expr makeConstant(double number, Type elementType) {
  Halide::Type type = getValueType(elementType);
  if (type.is_float())
    return Halide::Internal::make_const(type, number);
  llvm::APInt value = convertToInteger(llvm::APFloat(number), llvm::cast<IntegerType>(elementType));
  if (type.is_uint())
    return Halide::Internal::make_const(type, value.getZExtValue());
  return Halide::Internal::make_const(type, value.getSExtValue());
}

} // namespace dlc::halide
