// SPDX-License-Identifier: Apache-2.0
/// \file
/// Products of elements of 16 bits by tensor cores, summed in f32. Rows of 16 bytes in shared memory are at
/// odd multiples of 16 bytes, so that the eight rows that `ldmatrix` reads at once are in different banks, and operands
/// in either order are read by it.
#ifndef DLC_BACKENDS_CUDA_KERNELS_HALFPRODUCT_H
#define DLC_BACKENDS_CUDA_KERNELS_HALFPRODUCT_H

#include "HalfMatrices.h"
#include "MatrixSums.h"

/// `Matrices` is one of those in HalfMatrices.h.
template <typename Matrices, int Tile, bool LeftByDepth, int LeftWidth, bool RightByDepth, int RightWidth>
struct HalfProduct : MatrixSums<Tile> {
  using Element = u16;
  static constexpr int tile = Tile, depth = 32, stages = Matrices::hasAsyncCopies ? 3 : 2;
  static constexpr bool isForFinite = false;
  using Left = Slice<depth, Tile, LeftByDepth, LeftWidth, 8, 8>;
  using Right = Slice<depth, Tile, RightByDepth, RightWidth, 8, 8>;
  using MatrixSums<Tile>::down, MatrixSums<Tile>::across, MatrixSums<Tile>::sums, MatrixSums<Tile>::getFirstRow,
      MatrixSums<Tile>::getFirstColumn;

  /// Asynchronous copies are of four bytes at least: single elements wait in registers while the slice before is
  /// multiplied.
  template <typename Operand> static constexpr bool isAsync = Matrices::hasAsyncCopies && Operand::width == 8;
  static constexpr bool storesAfterUse = !isAsync<Left> || !isAsync<Right>;

  template <int Width> struct __attribute__((aligned(2 * Width))) Group {
    u16 elements[Width];
  };
  template <typename Operand> struct Waiting {
    Group<Operand::width> groups[Operand::groups];
  };

  Waiting<Left> nextLeft;
  Waiting<Right> nextRight;

  template <typename Operand, typename Find>
  DLC_INLINE void load(DLC_SHARED u16 *to, Waiting<Operand> &waiting, int firstTerm, int thread, Find find) {
#pragma unroll
    for (int number = 0; number < Operand::groups; ++number) {
      int position, k;
      Operand::find(number, thread, position, k);
      const void *from = find(position, firstTerm + k);
      if constexpr (isAsync<Operand>) {
        copyAsync<2 * Operand::width>(to + Operand::offsetOf(position, k), from);
      } else {
        waiting.groups[number] = {};
        if (from)
          waiting.groups[number] = *static_cast<const Group<Operand::width> *>(from);
      }
    }
  }
  template <typename Operand> DLC_INLINE void store(DLC_SHARED u16 *to, const Waiting<Operand> &waiting, int thread) {
    if constexpr (!isAsync<Operand>)
#pragma unroll
      for (int number = 0; number < Operand::groups; ++number) {
        int position, k;
        Operand::find(number, thread, position, k);
        if constexpr (Operand::width == 8)
          *reinterpret_cast<DLC_SHARED Words4 *>(to + Operand::offsetOf(position, k)) =
              __builtin_bit_cast(Words4, waiting.groups[number]);
        else
          to[Operand::offsetOf(position, k)] = waiting.groups[number].elements[0];
      }
  }

  template <typename FindLeft, typename FindRight>
  __attribute__((always_inline)) void fetch(DLC_SHARED u16 *stage, int firstTerm, int thread, FindLeft findLeft,
                                            FindRight findRight) {
    load<Left>(stage, nextLeft, firstTerm, thread, findLeft);
    load<Right>(stage + Left::elements, nextRight, firstTerm, thread, findRight);
  }
  __attribute__((always_inline)) void commit(DLC_SHARED u16 *stage, int thread, bool isFetched) {
    if constexpr (isAsync<Left> || isAsync<Right>)
      commitCopies();
    if (!isFetched)
      return;
    store<Left>(stage, nextLeft, thread);
    store<Right>(stage + Left::elements, nextRight, thread);
  }
  __attribute__((always_inline)) void wait() {
    if constexpr (isAsync<Left> || isAsync<Right>)
      waitForCopies<stages - 2>();
  }

  __attribute__((always_inline)) void multiply(const DLC_SHARED u16 *left, const DLC_SHARED u16 *right, int thread) {
    const int row = getFirstRow(thread), column = getFirstColumn(thread);
    // The matrix whose row this thread points to, and the row.
    const int odd = thread / 8 % 2 * 8, second = thread / 16 % 2 * 8, line = thread % 8;
    const int leftLine = LeftByDepth ? odd + line : odd, leftTerm = LeftByDepth ? second : second + line;
    const int rightLine = RightByDepth ? second + line : second, rightTerm = RightByDepth ? odd : odd + line;
#pragma unroll
    for (int step = 0; step < depth; step += 16) {
      u32 ofRight[across / 2][4];
#pragma unroll
      for (int j = 0; j < across / 2; ++j)
        loadMatrices<!RightByDepth>(ofRight[j], right + Right::offsetOf(column + 16 * j + rightLine, step + rightTerm));
#pragma unroll
      for (int i = 0; i < down; ++i) {
        u32 ofLeft[4];
        loadMatrices<!LeftByDepth>(ofLeft, left + Left::offsetOf(row + 16 * i + leftLine, step + leftTerm));
#pragma unroll
        for (int j = 0; j < across; ++j)
          Matrices::multiply(sums[i][j], ofLeft, ofRight[j / 2][j % 2 * 2], ofRight[j / 2][j % 2 * 2 + 1]);
      }
    }
  }
};

#endif // DLC_BACKENDS_CUDA_KERNELS_HALFPRODUCT_H
