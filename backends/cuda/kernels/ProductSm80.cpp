// SPDX-License-Identifier: Apache-2.0
// Products in f32 by tensor cores: each number is a sum of two of 19 bits, and three of the four products of these
// matter (3xTF32). The error of a term is below 2^-19 of it: 2^-20 for the product that is left out, and 2^-21 for the
// two splits. Slices come by asynchronous copies while the ones before are multiplied.
#include "MatrixSums.h"

namespace {

template <int Tile, bool LeftByDepth, int LeftWidth, bool RightByDepth, int RightWidth> struct Sm80 : MatrixSums<Tile> {
  using Element = float;
  static constexpr int tile = Tile, depth = 16, stages = 3;
  static constexpr bool storesAfterUse = false, isForFinite = true;
  // Eight rows (columns) by four terms are what one load of a warp reads: 4 and 8 lead it to 32 banks.
  using Left = Slice<depth, Tile, LeftByDepth, LeftWidth, 4, 8>;
  using Right = Slice<depth, Tile, RightByDepth, RightWidth, 4, 8>;
  using MatrixSums<Tile>::down, MatrixSums<Tile>::across, MatrixSums<Tile>::sums, MatrixSums<Tile>::getFirstRow,
      MatrixSums<Tile>::getFirstColumn;

  template <typename Operand, typename Find>
  DLC_INLINE void copy(DLC_SHARED float *to, int firstTerm, int thread, Find find) {
#pragma unroll
    for (int group = 0; group < Operand::groups; ++group) {
      int position, k;
      Operand::find(group, thread, position, k);
      copyAsync<4 * Operand::width>(to + Operand::offsetOf(position, k), find(position, firstTerm + k));
    }
  }

  template <typename FindLeft, typename FindRight>
  __attribute__((always_inline)) void fetch(DLC_SHARED float *stage, int firstTerm, int thread, FindLeft findLeft,
                                            FindRight findRight) {
    copy<Left>(stage, firstTerm, thread, findLeft);
    copy<Right>(stage + Left::elements, firstTerm, thread, findRight);
  }
  __attribute__((always_inline)) void commit(DLC_SHARED float *, int, bool) { commitCopies(); }
  __attribute__((always_inline)) void wait() { waitForCopies<stages - 2>(); }

  __attribute__((always_inline)) void multiply(const DLC_SHARED float *left, const DLC_SHARED float *right,
                                               int thread) {
    const int row = getFirstRow(thread) + thread % 32 / 4, column = getFirstColumn(thread) + thread % 32 / 4;
#pragma unroll
    for (int step = 0; step < depth; step += 8) {
      const int k = step + thread % 4;
      u32 rightHigh[across][2], rightLow[across][2];
#pragma unroll
      for (int j = 0; j < across; ++j)
#pragma unroll
        for (int e = 0; e < 2; ++e)
          splitTf32(right[Right::offsetOf(column + 8 * j, k + 4 * e)], rightHigh[j][e], rightLow[j][e]);
#pragma unroll
      for (int i = 0; i < down; ++i) {
        u32 high[4], low[4];
#pragma unroll
        for (int e = 0; e < 4; ++e)
          splitTf32(left[Left::offsetOf(row + 16 * i + e % 2 * 8, k + e / 2 * 4)], high[e], low[e]);
#pragma unroll
        for (int j = 0; j < across; ++j) {
          multiplyTf32(sums[i][j], low, rightHigh[j]);
          multiplyTf32(sums[i][j], high, rightLow[j]);
          multiplyTf32(sums[i][j], high, rightHigh[j]);
        }
      }
    }
  }
};

} // namespace

DLC_PRODUCTS(DLC_DEFINE_PRODUCT, Sm80, 64, 4)
DLC_PRODUCTS(DLC_DEFINE_PRODUCT, Sm80, 128, 4)
