// SPDX-License-Identifier: Apache-2.0
/// \file
/// The sums of a tile whose products of matrices are by tensor cores, and which of them a thread has.
#ifndef DLC_BACKENDS_CUDA_KERNELS_MATRIXSUMS_H
#define DLC_BACKENDS_CUDA_KERNELS_MATRIXSUMS_H

#include "Product.h"

/// Two rows of four warps share a tile. The part of a warp is `down` x `across` products of 16 x 8, of each of which a
/// thread has four elements: two neighbours, and those eight rows below.
template <int Tile> struct MatrixSums {
  static constexpr int down = Tile / 2 / 16, across = Tile / 4 / 8;
  static constexpr int elements = down * across * 4;

  float sums[down][across][4] = {};

  DLC_INLINE int getFirstRow(int thread) { return thread / 32 % 2 * (Tile / 2); }
  DLC_INLINE int getFirstColumn(int thread) { return thread / 64 * (Tile / 4); }
  DLC_INLINE int getRow(int thread, int number) {
    return getFirstRow(thread) + thread % 32 / 4 + number / 4 / across * 16 + number % 4 / 2 * 8;
  }
  DLC_INLINE int getColumn(int thread, int number) {
    return getFirstColumn(thread) + thread % 4 * 2 + number / 4 % across * 8 + number % 2;
  }
  __attribute__((always_inline)) float getSum(int number) {
    return sums[number / 4 / across][number / 4 % across][number % 4];
  }
};

#endif // DLC_BACKENDS_CUDA_KERNELS_MATRIXSUMS_H
