// SPDX-License-Identifier: Apache-2.0
// A small type's magnitude, shifted to where f32 has its mantissa, is an f32 whose exponent is off by the difference of
// the biases: one multiplication by a power of two corrects it, for subnormal numbers, too.
#include "backends/halide/SmallFloats.h"
#include "backends/halide/Math.h"
#include <cmath>

using namespace mlir;
using Halide::Expr;
using Halide::reinterpret;
using Halide::select;
using llvm::APFloat;

namespace dlc::halide {

namespace {
/// The numbers of a format that has a sign, an exponent and a mantissa.
struct Format {
  int mantissaBits, bias;
  unsigned sign;    ///< the bit
  unsigned largest; ///< magnitudes
  std::optional<unsigned> infinity, nan;
  bool isUnsignedZero; ///< the bits of -0 are NaN

  explicit Format(FloatType type) {
    const llvm::fltSemantics &semantics = type.getFloatSemantics();
    auto bitsOf = [](const APFloat &value) { return static_cast<unsigned>(value.bitcastToAPInt().getZExtValue()); };
    mantissaBits = static_cast<int>(APFloat::semanticsPrecision(semantics)) - 1;
    bias = 1 - APFloat::semanticsMinExponent(semantics);
    sign = 1u << (type.getWidth() - 1);
    largest = bitsOf(APFloat::getLargest(semantics));
    if (APFloat::semanticsHasInf(semantics))
      infinity = bitsOf(APFloat::getInf(semantics));
    if (APFloat::semanticsHasNaN(semantics))
      nan = bitsOf(APFloat::getNaN(semantics));
    isUnsignedZero = nan == sign;
  }
};
} // namespace

static Expr bits32(uint32_t value) { return Halide::Internal::make_const(Halide::UInt(32), value); }
static Expr power(int exponent) { return Halide::Internal::make_const(Halide::Float(32), std::ldexp(1.0, exponent)); }

bool isSmallFloat(Type type) { return llvm::isa<FloatType>(type) && type.getIntOrFloatBitWidth() <= 8; }

/// f8E8M0FNU is the exponent of an f32; exponent 0 is the power of two below the normal ones.
static Expr decodePower(const Expr &byte) {
  Expr exponent = Halide::cast<uint32_t>(byte);
  return reinterpret<float>(
      select(exponent == bits32(0), bits32(0x00400000), exponent == bits32(255), bits32(0x7fc00000), exponent << 23));
}

static Expr encodePower(const Expr &value, bool saturate, llvm::StringRef roundMode) {
  Expr bits = reinterpret<uint32_t>(value), exponent = (bits >> 23) & bits32(255), rest = bits & bits32(0x7fffff);
  Expr rounded = roundMode == "down" ? exponent
                 : roundMode == "nearest"
                     // Halfway goes up, but not from the power of two that is subnormal in f32.
                     ? exponent + select(rest > bits32(0x400000) || (rest == bits32(0x400000) && exponent > bits32(0)),
                                         bits32(1), bits32(0))
                     : exponent + select(rest > bits32(0), bits32(1), bits32(0));
  if (saturate)
    rounded = Halide::min(rounded, bits32(254));
  return Halide::cast<uint8_t>(select(exponent == bits32(255), bits32(255), rounded));
}

Expr decodeSmallFloat(Expr byte, FloatType type) {
  if (!APFloat::semanticsHasZero(type.getFloatSemantics()))
    return decodePower(byte);
  Format format(type);
  Expr bits = Halide::cast<uint32_t>(byte), magnitude = bits & bits32(format.sign - 1),
       sign = (bits & bits32(format.sign)) << (32 - type.getWidth());
  Expr value = reinterpret<float>(magnitude << (23 - format.mantissaBits)) * power(127 - format.bias);
  Expr signedBits = reinterpret<uint32_t>(value) | sign;
  if (format.isUnsignedZero)
    return reinterpret<float>(
        select((bits & bits32(2 * format.sign - 1)) == bits32(format.sign), bits32(0x7fc00000), signedBits));
  if (format.nan)
    signedBits =
        select(magnitude > bits32(format.infinity.value_or(format.largest)), bits32(0x7fc00000) | sign,
               format.infinity ? select(magnitude == bits32(*format.infinity), bits32(0x7f800000) | sign, signedBits)
                               : signedBits);
  return reinterpret<float>(signedBits);
}

Expr encodeSmallFloat(Expr value, FloatType type, bool saturate, llvm::StringRef roundMode) {
  if (!APFloat::semanticsHasZero(type.getFloatSemantics()))
    return encodePower(value, saturate, roundMode);
  Format format(type);
  Expr bits = reinterpret<uint32_t>(value), magnitude = bits & bits32(0x7fffffff);
  int smallestExponent = 1 - format.bias, dropped = 23 - format.mantissaBits;
  // Normal numbers are rounded as integers, so that a carry reaches the exponent; what is below is counted in units of
  // the smallest number.
  Expr rebased = magnitude - bits32(static_cast<uint32_t>(127 - format.bias) << 23);
  Expr normal = (rebased + bits32((1u << (dropped - 1)) - 1) + ((rebased >> dropped) & bits32(1))) >> dropped;
  Expr isNormal = magnitude >= bits32(static_cast<uint32_t>(127 + smallestExponent) << 23);
  Expr small = select(isNormal, power(smallestExponent), reinterpret<float>(magnitude));
  Expr subnormal = Halide::cast<uint32_t>(
      Halide::cast<int32_t>(math::roundHalfEven(small * power(format.mantissaBits - smallestExponent))));
  Expr code = select(isNormal, normal, subnormal);
  unsigned beyond = saturate || !format.nan ? format.largest : format.infinity ? *format.infinity : *format.nan;
  code = select(code > bits32(format.largest), bits32(beyond), code);
  code = select(magnitude > bits32(0x7f800000), bits32(format.nan.value_or(0)), code);
  Expr sign = (bits >> 31) << (type.getWidth() - 1);
  if (format.isUnsignedZero)
    sign = select(code == bits32(0) || code == bits32(format.sign), bits32(0), sign);
  return Halide::cast<uint8_t>(code | sign);
}

} // namespace dlc::halide
