// SPDX-License-Identifier: Apache-2.0
// Products of f16 by the tensor cores of GPUs of compute capability 7.5, in two halves of the depth.
#include "HalfProduct.h"

namespace {

struct MatricesOfSm75 {
  static constexpr int stages = 2;
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
};

template <int Tile, bool Left, int LeftWidth, bool Right, int RightWidth>
using HalfSm75 = HalfProduct<MatricesOfSm75, Tile, Left, LeftWidth, Right, RightWidth>;

} // namespace

DLC_PRODUCTS(DLC_DEFINE_PRODUCT, HalfSm75, 64, 8)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, HalfSm75, 128, 8)
