// SPDX-License-Identifier: Apache-2.0
// Peak rates of arithmetic. Each loop keeps 12 accumulators, which hide a latency of 4 cycles at 3 per cycle, and fit
// the 16 registers of AVX2 with their factors.
#include "profile/RoofMeasurement.h"

#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace dlc::profile;

namespace {

constexpr int accumulatorCount = 12, steps = 4096;

/// Keeps the compiler from computing `value` at compile time, or not at all.
template <typename T> inline __attribute__((always_inline)) void touch(T &value) { asm volatile("" : "+m"(value)); }

/// Operations of a loop of `steps`, with `perLane` in each of `lanes` lanes.
constexpr double countOperations(int lanes, int perLane) { return double(steps) * accumulatorCount * lanes * perLane; }

/// A loop over vectors, with a step that accumulates. A macro, because functions for other instruction sets than the
/// file's cannot be called from templates that are not.
// Arguments are types, which take no parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define DLC_DEFINE_LOOP(NAME, TARGET, VECTOR, ZERO, STEP)                                                              \
  TARGET void NAME() {                                                                                                 \
    VECTOR sums[accumulatorCount];                                                                                     \
    for (VECTOR &sum : sums) {                                                                                         \
      sum = ZERO;                                                                                                      \
      touch(sum);                                                                                                      \
    }                                                                                                                  \
    VECTOR a = ZERO, b = ZERO;                                                                                         \
    touch(a);                                                                                                          \
    touch(b);                                                                                                          \
    for (int step = 0; step < steps; ++step) {                                                                         \
      _Pragma("unroll") for (int i = 0; i < accumulatorCount; ++i) {                                                   \
        VECTOR &sum = sums[i];                                                                                         \
        sum = STEP;                                                                                                    \
      }                                                                                                                \
    }                                                                                                                  \
    for (VECTOR &sum : sums)                                                                                           \
      touch(sum);                                                                                                      \
  }
// NOLINTEND(bugprone-macro-parentheses)

#if defined(__x86_64__)
#define DLC_TARGET(FEATURES) __attribute__((target(FEATURES)))
DLC_DEFINE_LOOP(f32Sse, , __m128, _mm_setzero_ps(), _mm_add_ps(_mm_mul_ps(a, b), sum))
DLC_DEFINE_LOOP(f64Sse, , __m128d, _mm_setzero_pd(), _mm_add_pd(_mm_mul_pd(a, b), sum))
DLC_DEFINE_LOOP(f32Avx2, DLC_TARGET("avx2,fma"), __m256, _mm256_setzero_ps(), _mm256_fmadd_ps(a, b, sum))
DLC_DEFINE_LOOP(f64Avx2, DLC_TARGET("avx2,fma"), __m256d, _mm256_setzero_pd(), _mm256_fmadd_pd(a, b, sum))
DLC_DEFINE_LOOP(f32Avx512, DLC_TARGET("avx512f"), __m512, _mm512_setzero_ps(), _mm512_fmadd_ps(a, b, sum))
DLC_DEFINE_LOOP(f64Avx512, DLC_TARGET("avx512f"), __m512d, _mm512_setzero_pd(), _mm512_fmadd_pd(a, b, sum))
DLC_DEFINE_LOOP(bf16Avx512, DLC_TARGET("avx512f,avx512bf16"), __m512, _mm512_setzero_ps(),
                _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b)))
DLC_DEFINE_LOOP(f16Avx512, DLC_TARGET("avx512f,avx512fp16"), __m512h, _mm512_setzero_ph(), _mm512_fmadd_ph(a, b, sum))
DLC_DEFINE_LOOP(i8Avx512, DLC_TARGET("avx512f,avx512vnni"), __m512i, _mm512_setzero_si512(),
                _mm512_dpbusd_epi32(sum, a, b))
DLC_DEFINE_LOOP(i8Avx2, DLC_TARGET("avx2,avxvnni"), __m256i, _mm256_setzero_si256(), _mm256_dpbusd_avx_epi32(sum, a, b))
#undef DLC_TARGET
#else
using F32x4 = float __attribute__((vector_size(16)));
using F64x2 = double __attribute__((vector_size(16)));
DLC_DEFINE_LOOP(f32Base, , F32x4, F32x4{}, __builtin_elementwise_fma(a, b, sum))
DLC_DEFINE_LOOP(f64Base, , F64x2, F64x2{}, __builtin_elementwise_fma(a, b, sum))
#endif
#undef DLC_DEFINE_LOOP

Workload repeat(void (*loop)(), double operations) {
  return {[loop] { return std::function<void()>(loop); }, operations};
}

} // namespace

std::vector<std::pair<std::string, Workload>> dlc::profile::peakWorkloads() {
  std::vector<std::pair<std::string, Workload>> all;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) {
    all.emplace_back("f32", repeat(f32Avx512, countOperations(16, 2)));
    all.emplace_back("f64", repeat(f64Avx512, countOperations(8, 2)));
    if (__builtin_cpu_supports("avx512bf16"))
      all.emplace_back("bf16", repeat(bf16Avx512, countOperations(16, 4)));
    if (__builtin_cpu_supports("avx512fp16"))
      all.emplace_back("f16", repeat(f16Avx512, countOperations(32, 2)));
    if (__builtin_cpu_supports("avx512vnni"))
      all.emplace_back("i8", repeat(i8Avx512, countOperations(16, 8)));
  } else if (__builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2")) {
    all.emplace_back("f32", repeat(f32Avx2, countOperations(8, 2)));
    all.emplace_back("f64", repeat(f64Avx2, countOperations(4, 2)));
    if (__builtin_cpu_supports("avxvnni"))
      all.emplace_back("i8", repeat(i8Avx2, countOperations(8, 8)));
  } else {
    all.emplace_back("f32", repeat(f32Sse, countOperations(4, 2)));
    all.emplace_back("f64", repeat(f64Sse, countOperations(2, 2)));
  }
#else
  all.emplace_back("f32", repeat(f32Base, countOperations(4, 2)));
  all.emplace_back("f64", repeat(f64Base, countOperations(2, 2)));
#endif
  return all;
}
