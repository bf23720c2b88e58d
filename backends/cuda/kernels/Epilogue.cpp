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

/// As math::erf of backends/halide/Math.h.
DLC_INLINE float errorFunction(float x) {
  float size = __builtin_fabsf(x), square = x * x;
  float t = size > 4.0f ? 4.0f : size;
  float far = __builtin_fmaf(-1.72853470e-5f, t, 3.83197126e-4f);
  far = __builtin_fmaf(far, t * t, __builtin_fmaf(-3.88396438e-3f, t, 2.42546219e-2f));
  far = __builtin_fmaf(far, t, -1.06777877e-1f);
  far = __builtin_fmaf(far, t, -6.34846687e-1f);
  far = __builtin_fmaf(far, t, -1.28717512e-1f);
  far = 1.0f - exponential(__builtin_fmaf(far, t, -t));
  float near = -5.96761703e-4f;
  near = __builtin_fmaf(near, square, 4.99119423e-3f);
  near = __builtin_fmaf(near, square, -2.67681349e-2f);
  near = __builtin_fmaf(near, square, 1.12819925e-1f);
  near = __builtin_fmaf(near, square, -3.76125336e-1f);
  near = __builtin_fmaf(near, square, 1.28379166e-1f);
  near = __builtin_fmaf(near, x, x);
  return size > 0.927734375f ? (x < 0.0f ? -far : far) : near;
}

DLC_INLINE float limit(float x, float low, float high) { return x < low ? low : x > high ? high : x; }

DLC_OP dlcOp_neg(float x) { return -x; }
DLC_OP dlcOp_abs(float x) { return __builtin_fabsf(x); }
DLC_OP dlcOp_relu(float x) { return x < 0.0f ? 0.0f : x; }
DLC_OP dlcOp_sigmoid(float x) { return logistic(x); }
DLC_OP dlcOp_tanh(float x) { return hyperbolicTangent(x); }
DLC_OP dlcOp_leaky_relu(float x, float alpha) { return x < 0.0f ? x * alpha : x; }
DLC_OP dlcOp_swish(float x, float alpha) { return x * logistic(alpha * x); }
DLC_OP dlcOp_exp(float x) { return exponential(x); }
DLC_OP dlcOp_erf(float x) { return errorFunction(x); }
DLC_OP dlcOp_gelu(float x, float isTanh) {
  float inner =
      isTanh != 0.0f ? hyperbolicTangent(0.797884561f * (x + 0.044715f * x * x * x)) : errorFunction(x * 0.707106781f);
  return 0.5f * x * (inner + 1.0f);
}
DLC_OP dlcOp_hard_sigmoid(float x, float alpha, float beta) { return limit(alpha * x + beta, 0.0f, 1.0f); }
DLC_OP dlcOp_hard_swish(float x) { return x * limit(x * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f); }
DLC_OP dlcOp_max(float a, float b) { return a > b || a != a ? a : b; }
DLC_OP dlcOp_min(float a, float b) { return a < b || a != a ? a : b; }
DLC_OP dlcOp_add(float a, float b) { return a + b; }
DLC_OP dlcOp_sub(float a, float b) { return a - b; }
DLC_OP dlcOp_mul(float a, float b) { return a * b; }
DLC_OP dlcOp_div(float a, float b) { return a / b; }
DLC_OP dlcOp_prelu(float a, float b) { return a < 0.0f ? a * b : a; }
