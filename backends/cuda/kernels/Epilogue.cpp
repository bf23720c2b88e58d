// SPDX-License-Identifier: Apache-2.0
// Elementwise ops in f32, as what follows a product computes them: dlc.NAME is dlcOp_NAME. Without these functions a
// kernel is Halide's.
#include "Device.h"

#define DLC_OP extern "C" float

static constexpr float infinity = __builtin_inff();

/// 2^x; x is at least -126 and below 128.
DLC_INLINE float exp2OfSmall(float x) {
  float result;
  asm("ex2.approx.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

DLC_INLINE float roundHalfEven(float x) {
  float result;
  asm("cvt.rni.f32.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}

/// 2^n for whole n from -126 to 127.
DLC_INLINE float powerOfTwo(float n) { return __builtin_bit_cast(float, (static_cast<int>(n) + 127) << 23); }

DLC_INLINE float exponential(float x) {
  float clamped = x < -104.0f ? -104.0f : x > 89.0f ? 89.0f : x;
  float n = roundHalfEven(clamped * 1.44269504f);
  // What is left of x after n ln 2, which takes two numbers.
  float rest = __builtin_fmaf(n, -1.42860677e-6f, __builtin_fmaf(n, -0.693145752f, clamped));
  float half = roundHalfEven(n * 0.5f);
  float result = exp2OfSmall(rest * 1.44269504f) * powerOfTwo(half) * powerOfTwo(n - half);
  return x != x ? x : x > 89.0f ? infinity : result;
}

DLC_INLINE float hyperbolicTangent(float x) {
  float size = __builtin_fabsf(x);
  float square = x * x;
  // The odd polynomial up to x^13, near 0, where the formula below loses digits.
  float series = 0.00359212803f;
  series = __builtin_fmaf(series, square, -0.00886323552f);
  series = __builtin_fmaf(series, square, 0.0218694885f);
  series = __builtin_fmaf(series, square, -0.0539682540f);
  series = __builtin_fmaf(series, square, 0.133333333f);
  series = __builtin_fmaf(series, square, -0.333333333f);
  float small = __builtin_fmaf(x * square, series, x);
  float large = 1.0f - 2.0f / (exponential(2.0f * (size > 10.0f ? 10.0f : size)) + 1.0f);
  return x != x ? x : size < 0.45f ? small : x < 0.0f ? -large : large;
}

DLC_INLINE float logistic(float x) {
  return x < 0 ? exponential(x) / (1.0f + exponential(x)) : 1.0f / (1.0f + exponential(-x));
}

DLC_OP dlcOp_neg(float x) { return -x; }
DLC_OP dlcOp_abs(float x) { return __builtin_fabsf(x); }
DLC_OP dlcOp_relu(float x) { return x < 0.0f ? 0.0f : x; }
DLC_OP dlcOp_sigmoid(float x) { return logistic(x); }
DLC_OP dlcOp_tanh(float x) { return hyperbolicTangent(x); }
DLC_OP dlcOp_leaky_relu(float x, float alpha) { return x < 0.0f ? x * alpha : x; }
DLC_OP dlcOp_swish(float x, float alpha) { return x * logistic(alpha * x); }
DLC_OP dlcOp_add(float a, float b) { return a + b; }
DLC_OP dlcOp_sub(float a, float b) { return a - b; }
DLC_OP dlcOp_mul(float a, float b) { return a * b; }
DLC_OP dlcOp_div(float a, float b) { return a / b; }
DLC_OP dlcOp_prelu(float a, float b) { return a < 0.0f ? a * b : a; }
