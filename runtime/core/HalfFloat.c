// SPDX-License-Identifier: Apache-2.0
/// \file
/// Conversions between f32 or f64 and the 16-bit floating-point types that
/// LLVM calls where the target has no instruction for them. They live in the
/// compiler's support library, on which a model must not depend. Rounding is
/// to nearest, ties to even, in one step also from f64.
#include "Base.h"

#if defined(__x86_64__)

// The calling convention passes both types in a vector register, as their C types are.
typedef _Float16 Half;
typedef __bf16 Brain;
typedef union {
  float value;
  dlc_uint32 bits;
} FloatBits;
typedef union {
  double value;
  dlc_uint64 bits;
} DoubleBits;
typedef union {
  Half value;
  dlc_uint16 bits;
} HalfBits;
typedef union {
  Brain value;
  dlc_uint16 bits;
} BrainBits;

#define KEPT __attribute__((used))

/// Rounds the f64 `bits` to `mantissaBits` and an exponent of `exponentBits`.
static dlc_uint16 narrow(dlc_uint64 bits, int exponentBits, int mantissaBits) {
  const int bias = (1 << (exponentBits - 1)) - 1;
  const dlc_uint16 sign = (dlc_uint16)(bits >> 63 << 15);
  const dlc_uint16 infinity = (dlc_uint16)(((1 << exponentBits) - 1) << mantissaBits);
  int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
  dlc_uint64 mantissa = bits & 0xfffffffffffffull;
  if (exponent == 1024)
    // A NaN keeps its upper bits and becomes quiet.
    return (dlc_uint16)(sign | infinity | (mantissa ? mantissa >> (52 - mantissaBits) | 1u << (mantissaBits - 1) : 0));
  if (exponent > bias)
    return (dlc_uint16)(sign | infinity);
  mantissa |= 1ull << 52;
  int shift = 52 - mantissaBits;
  dlc_uint64 base = 0; // biased exponent, minus the implicit bit that `mantissa` carries over into it
  if (exponent < 1 - bias)
    shift += 1 - bias - exponent; // subnormal
  else
    base = (dlc_uint64)(exponent + bias - 1) << mantissaBits;
  if (shift > 54)
    return sign;
  dlc_uint64 rest = mantissa & ((1ull << shift) - 1), half = 1ull << (shift - 1);
  dlc_uint64 rounded = mantissa >> shift;
  rounded += rest > half || (rest == half && (rounded & 1));
  // A carry out of the mantissa raises the exponent, up to infinity, by itself.
  return (dlc_uint16)(sign | (base + rounded));
}

KEPT float __extendhfsf2(Half half) {
  HalfBits in = {.value = half};
  dlc_uint32 sign = (dlc_uint32)(in.bits >> 15) << 31, exponent = in.bits >> 10 & 31, mantissa = in.bits & 1023u;
  FloatBits out;
  if (exponent == 31)
    out.bits = sign | 0x7f800000u | mantissa << 13 | (mantissa ? 1u << 22 : 0);
  else if (exponent)
    out.bits = sign | (exponent + 112) << 23 | mantissa << 13;
  else {
    out.value = (float)mantissa * 0x1p-24f;
    out.bits |= sign;
  }
  return out.value;
}

KEPT double __extendhfdf2(Half half) { return __extendhfsf2(half); }

KEPT Half __truncdfhf2(double value) {
  DoubleBits in = {.value = value};
  return (HalfBits){.bits = narrow(in.bits, 5, 10)}.value;
}

KEPT Half __truncsfhf2(float value) {
  DoubleBits in = {.value = value};
  return (HalfBits){.bits = narrow(in.bits, 5, 10)}.value;
}

KEPT Brain __truncdfbf2(double value) {
  DoubleBits in = {.value = value};
  return (BrainBits){.bits = narrow(in.bits, 8, 7)}.value;
}

KEPT Brain __truncsfbf2(float value) {
  DoubleBits in = {.value = value};
  return (BrainBits){.bits = narrow(in.bits, 8, 7)}.value;
}

#endif
