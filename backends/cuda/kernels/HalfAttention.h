// SPDX-License-Identifier: Apache-2.0
/// \file
/// Attention of elements of 16 bits by tensor cores. Scores and sums are in f32; exponentials are rounded before they
/// multiply values. The accumulators of the first product have the layout of the left operand of the second.
///
/// Rows in shared memory are at odd multiples of 16 bytes, so that the eight rows that `ldmatrix` reads at once are in
/// different banks. With 32 rows per warp each matrix of keys or values that is read serves two products, so that
/// shared memory is not the bound. Registers allow 32 keys at a time for such tiles of sizes above 64, and wherever
/// copies wait in registers.
#ifndef DLC_BACKENDS_CUDA_KERNELS_HALFATTENTION_H
#define DLC_BACKENDS_CUDA_KERNELS_HALFATTENTION_H

#include "Attention.h"
#include "HalfMatrices.h"
#include "RowCopies.h"

template <typename A, typename B, bool IsFirst> struct Choose {
  using Type = A;
};
template <typename A, typename B> struct Choose<A, B, false> {
  using Type = B;
};

/// `Matrices` is one of those in HalfMatrices.h.
template <typename Matrices, int Size, int Down, int Width> struct HalfAttention {
  using Element = u16;
  using Stored = typename Matrices::Stored;
  static constexpr int size = Size, down = Down, rows = 64 * Down;
  static constexpr int keys = Size * Down > (Matrices::hasAsyncCopies ? 128 : 64) ? 32 : 64;
  static constexpr int pitch = Size + 8, slots = 2;
  static constexpr int sharedBytes = (rows + slots * keys) * pitch * 2;
  static constexpr bool isForFinite = false;
  static constexpr attention::Store store = Width == 8 ? attention::Store::Rows : attention::Store::Elements;
  static constexpr int threads = attention::threads;

  using Wide = typename Choose<AsyncRows<Stored, keys, Size, pitch, 8, threads>,
                               DelayedRows<Stored, keys, Size, pitch, 8, threads>, Matrices::hasAsyncCopies>::Type;
  using Copy = typename Choose<Wide, DirectRows<Stored, keys, Size, pitch, threads>, Width == 8>::Type;

  DLC_INLINE u32 pack(float low, float high) { return Matrices::pack(low, high); }

  DLC_INLINE void multiplyByKeys(float (&scores)[Down][keys / 8][4], const DLC_SHARED u16 *ofQueries,
                                 const DLC_SHARED u16 *ofKeys, int thread) {
    const int lane = thread % 32, firstRow = attention::getRow<Down>(thread - lane, 0, 0);
    // The matrix whose row this thread points to, and the row.
    const DLC_SHARED u16 *query = ofQueries + (firstRow + lane % 16) * pitch + lane / 16 * 8,
                         *key = ofKeys + (lane % 8 + lane / 16 * 8) * pitch + lane / 8 % 2 * 8;
#pragma unroll
    for (int step = 0; step < Size; step += 16) {
      u32 left[Down][4];
#pragma unroll
      for (int piece = 0; piece < Down; ++piece)
        loadMatrices<false>(left[piece], query + 16 * piece * pitch + step);
#pragma unroll
      for (int pair = 0; pair < keys / 16; ++pair) {
        u32 right[4];
        loadMatrices<false>(right, key + 16 * pair * pitch + step);
#pragma unroll
        for (int piece = 0; piece < Down; ++piece) {
          Matrices::multiply(scores[piece][2 * pair], left[piece], right[0], right[1]);
          Matrices::multiply(scores[piece][2 * pair + 1], left[piece], right[2], right[3]);
        }
      }
    }
  }

  DLC_INLINE void multiplyByValues(float (&sums)[Down][Size / 8][4], const float (&weights)[Down][keys / 8][4],
                                   const DLC_SHARED u16 *ofValues, DLC_SHARED u16 *, int thread) {
    const int lane = thread % 32;
    const DLC_SHARED u16 *value = ofValues + lane % 16 * pitch + lane / 16 * 8;
#pragma unroll
    for (int step = 0; step < keys / 16; ++step) {
      u32 left[Down][4];
#pragma unroll
      for (int piece = 0; piece < Down; ++piece)
#pragma unroll
        for (int part = 0; part < 4; ++part) {
          const float *pair = weights[piece][2 * step + part / 2] + part % 2 * 2;
          left[piece][part] = Matrices::pack(pair[0], pair[1]);
        }
#pragma unroll
      for (int pair = 0; pair < Size / 16; ++pair) {
        u32 right[4];
        loadMatrices<true>(right, value + 16 * step * pitch + 16 * pair);
#pragma unroll
        for (int piece = 0; piece < Down; ++piece) {
          Matrices::multiply(sums[piece][2 * pair], left[piece], right[0], right[1]);
          Matrices::multiply(sums[piece][2 * pair + 1], left[piece], right[2], right[3]);
        }
      }
    }
  }
};

#endif // DLC_BACKENDS_CUDA_KERNELS_HALFATTENTION_H
