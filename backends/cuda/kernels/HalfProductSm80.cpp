// SPDX-License-Identifier: Apache-2.0
// Products of f16 and bf16 by the tensor cores of GPUs of compute capability 8.0 and newer.
#include "HalfProduct.h"

namespace {

#define DLC_MATRICES(name, type)                                                                                       \
  struct name {                                                                                                        \
    static constexpr int stages = 3;                                                                                   \
    static constexpr bool hasAsyncCopies = true;                                                                       \
    DLC_INLINE void multiply(float (&sum)[4], const u32 (&left)[4], u32 right0, u32 right1) {                          \
      asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." type "." type ".f32 "                                      \
                   "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"                                             \
                   : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])                                            \
                   : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right0), "r"(right1));                \
    }                                                                                                                  \
  };
DLC_MATRICES(MatricesOfF16, "f16")
DLC_MATRICES(MatricesOfBF16, "bf16")

template <int Tile, bool Left, int LeftWidth, bool Right, int RightWidth>
using HalfSm80 = HalfProduct<MatricesOfF16, Tile, Left, LeftWidth, Right, RightWidth>;
template <int Tile, bool Left, int LeftWidth, bool Right, int RightWidth>
using BFloatSm80 = HalfProduct<MatricesOfBF16, Tile, Left, LeftWidth, Right, RightWidth>;

} // namespace

DLC_PRODUCTS(DLC_DEFINE_PRODUCT, HalfSm80, 64, 8)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, HalfSm80, 128, 8)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, BFloatSm80, 64, 8)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, BFloatSm80, 128, 8)
