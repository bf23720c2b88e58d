// SPDX-License-Identifier: Apache-2.0
// Products by multiply-add in f32, for GPUs without tensor cores for the operands' type and for --math=strict. Each
// thread computes a square of Tile / 16 rows and columns, 16 apart, so that a warp reads neighbours in shared memory
// and stores neighbours.
#include "Product.h"

namespace {

/// `Stored` is the operands' type in global memory.
template <typename Stored, int Tile, bool LeftByDepth, int LeftWidth, bool RightByDepth, int RightWidth>
struct MultiplyAdd {
  using Element = float;
  static constexpr int tile = Tile, depth = 16, stages = 2, side = Tile / 16;
  /// The next slice waits in registers while this one is multiplied.
  static constexpr bool storesAfterUse = true, isForFinite = false;
  using Left = Slice<depth, Tile, LeftByDepth, LeftWidth, 1, 4>;
  using Right = Slice<depth, Tile, RightByDepth, RightWidth, 1, 4>;

  float nextLeft[Left::groups][LeftWidth], nextRight[Right::groups][RightWidth];
  float sums[side][side] = {};

  template <typename Operand, int Groups, int Width, typename Find>
  DLC_INLINE void load(float (&to)[Groups][Width], int firstTerm, int thread, Find find) {
#pragma unroll
    for (int group = 0; group < Groups; ++group) {
      int position, k;
      Operand::find(group, thread, position, k);
      struct __attribute__((aligned(Width * sizeof(Stored)))) Neighbours {
        Stored elements[Width];
      };
      auto *from = static_cast<const Neighbours *>(find(position, firstTerm + k));
      Neighbours read = {};
      if (from)
        read = *from;
#pragma unroll
      for (int i = 0; i < Width; ++i)
        to[group][i] = toFloat(read.elements[i]);
    }
  }
  template <typename Operand, bool ByDepth, int Groups, int Width>
  DLC_INLINE void store(DLC_SHARED float *to, const float (&from)[Groups][Width], int thread) {
#pragma unroll
    for (int group = 0; group < Groups; ++group) {
      int position, k;
      Operand::find(group, thread, position, k);
#pragma unroll
      for (int i = 0; i < Width; ++i)
        to[Operand::offsetOf(position + (ByDepth ? 0 : i), k + (ByDepth ? i : 0))] = from[group][i];
    }
  }

  template <typename FindLeft, typename FindRight>
  __attribute__((always_inline)) void fetch(DLC_SHARED float *, int firstTerm, int thread, FindLeft findLeft,
                                            FindRight findRight) {
    load<Left>(nextLeft, firstTerm, thread, findLeft);
    load<Right>(nextRight, firstTerm, thread, findRight);
  }
  __attribute__((always_inline)) void commit(DLC_SHARED float *stage, int thread, bool isFetched) {
    if (!isFetched)
      return;
    store<Left, LeftByDepth>(stage, nextLeft, thread);
    store<Right, RightByDepth>(stage + Left::elements, nextRight, thread);
  }
  __attribute__((always_inline)) void wait() {}

  __attribute__((always_inline)) void multiply(const DLC_SHARED float *left, const DLC_SHARED float *right,
                                               int thread) {
    const int firstRow = thread / 16, firstColumn = thread % 16;
#pragma unroll
    for (int k = 0; k < depth; ++k) {
      float a[side], b[side];
#pragma unroll
      for (int i = 0; i < side; ++i) {
        a[i] = left[Left::offsetOf(firstRow + 16 * i, k)];
        b[i] = right[Right::offsetOf(firstColumn + 16 * i, k)];
      }
#pragma unroll
      for (int i = 0; i < side; ++i)
#pragma unroll
        for (int j = 0; j < side; ++j)
          sums[i][j] = __builtin_fmaf(a[i], b[j], sums[i][j]);
    }
  }

  static constexpr int elements = side * side;
  DLC_INLINE int getRow(int thread, int number) { return thread / 16 + number / side * 16; }
  DLC_INLINE int getColumn(int thread, int number) { return thread % 16 + number % side * 16; }
  __attribute__((always_inline)) float getSum(int number) { return sums[number / side][number % side]; }
};

template <int Tile, bool Left, int LeftWidth, bool Right, int RightWidth>
using Sm75 = MultiplyAdd<float, Tile, Left, LeftWidth, Right, RightWidth>;
template <int Tile, bool Left, int LeftWidth, bool Right, int RightWidth>
using Sm75F16 = MultiplyAdd<Half, Tile, Left, LeftWidth, Right, RightWidth>;
template <int Tile, bool Left, int LeftWidth, bool Right, int RightWidth>
using Sm75BF16 = MultiplyAdd<BFloat, Tile, Left, LeftWidth, Right, RightWidth>;

} // namespace

DLC_PRODUCTS(DLC_DEFINE_PRODUCT, Sm75, 64, 4)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, Sm75, 128, 4)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, Sm75F16, 64, 4)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, Sm75BF16, 64, 4)
