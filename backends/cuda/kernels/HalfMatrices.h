// SPDX-License-Identifier: Apache-2.0
/// \file
/// What tensor cores make of elements of 16 bits: products of 16 x 16 and 16 x 8 of them, added to sums in f32.
#ifndef DLC_BACKENDS_CUDA_KERNELS_HALFMATRICES_H
#define DLC_BACKENDS_CUDA_KERNELS_HALFMATRICES_H

#include "Device.h"

/// f16 on GPUs of compute capability 7.5, in two halves of the depth.
struct MatricesOfSm75 {
  using Stored = Half;
  static constexpr bool hasAsyncCopies = false;

  DLC_INLINE void multiplyHalf(float (&sum)[4], u32 left0, u32 left1, u32 right) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                 : "r"(left0), "r"(left1), "r"(right));
  }
  DLC_INLINE void multiply(float (&sum)[4], const u32 (&left)[4], u32 right0, u32 right1) {
    multiplyHalf(sum, left[0], left[1], right0);
    multiplyHalf(sum, left[2], left[3], right1);
  }
  DLC_INLINE u32 round(float x) {
    u16 bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    return bits;
  }
  /// Two neighbours, rounded.
  DLC_INLINE u32 pack(float low, float high) { return round(high) << 16 | round(low); }
};

/// f16 and bf16 on GPUs of compute capability 8.0 and newer.
#define DLC_MATRICES(name, type, element)                                                                              \
  struct name {                                                                                                        \
    using Stored = element;                                                                                            \
    static constexpr bool hasAsyncCopies = true;                                                                       \
    DLC_INLINE void multiply(float (&sum)[4], const u32 (&left)[4], u32 right0, u32 right1) {                          \
      asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." type "." type ".f32 "                                      \
                   "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"                                             \
                   : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])                                            \
                   : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right0), "r"(right1));                \
    }                                                                                                                  \
    DLC_INLINE u32 pack(float low, float high) {                                                                       \
      u32 pair;                                                                                                        \
      asm("cvt.rn." type "x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));                                     \
      return pair;                                                                                                     \
    }                                                                                                                  \
  };
DLC_MATRICES(MatricesOfF16, "f16", Half)
DLC_MATRICES(MatricesOfBF16, "bf16", BFloat)
#undef DLC_MATRICES

#endif // DLC_BACKENDS_CUDA_KERNELS_HALFMATRICES_H
