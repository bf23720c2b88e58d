// SPDX-License-Identifier: Apache-2.0
// Attention in f32 by tensor cores, each number as two of 19 bits (3xTF32, as ProductSm80.cpp). The accumulators of the
// first product become the left operand of the second by taking the keys in another order: term t of eight is key 2 t,
// term t + 4 key 2 t + 1.
//
// Rows in shared memory are four elements longer than heads, which leads the eight rows by four terms that a warp reads
// of queries and keys to 32 banks, and the four keys by eight columns of values, too. 64 keys at a time (32 for heads
// above 64, whose rows would leave no room for a second block) are 27 to 68 KB.
#include "Attention.h"
#include "RowCopies.h"

namespace {

template <int Size, int Down, int Width> struct Sm80 {
  using Element = float;
  using Stored = float;
  static constexpr int size = Size, down = Down, rows = 64 * Down, keys = Size > 64 ? 32 : 64;
  static constexpr int pitch = Size + 4, slots = 2;
  static constexpr int sharedBytes = (rows + slots * keys) * pitch * 4;
  static constexpr bool isForFinite = true;
  static constexpr attention::Store store = Width == 4 ? attention::Store::Pairs : attention::Store::Elements;
  using Copy = AsyncRows<float, keys, Size, pitch, Width, attention::threads>;

  DLC_INLINE void multiply(float (&sum)[4], const u32 (&high)[4], const u32 (&low)[4], float right0, float right1) {
    u32 rightHigh[2], rightLow[2];
    splitTf32(right0, rightHigh[0], rightLow[0]);
    splitTf32(right1, rightHigh[1], rightLow[1]);
    multiplyTf32(sum, low, rightHigh);
    multiplyTf32(sum, high, rightLow);
    multiplyTf32(sum, high, rightHigh);
  }

  DLC_INLINE void multiplyByKeys(float (&scores)[Down][keys / 8][4], const DLC_SHARED float *ofQueries,
                                 const DLC_SHARED float *ofKeys, int thread) {
    const DLC_SHARED float *query = ofQueries + attention::getRow<Down>(thread, 0, 0) * pitch + thread % 4,
                           *key = ofKeys + thread % 32 / 4 * pitch + thread % 4;
#pragma unroll 2
    for (int step = 0; step < Size; step += 8) {
      u32 high[4], low[4];
#pragma unroll
      for (int e = 0; e < 4; ++e)
        splitTf32(query[e % 2 * 8 * pitch + step + e / 2 * 4], high[e], low[e]);
#pragma unroll
      for (int j = 0; j < keys / 8; ++j)
        multiply(scores[0][j], high, low, key[8 * j * pitch + step], key[8 * j * pitch + step + 4]);
    }
  }

  DLC_INLINE void multiplyByValues(float (&sums)[Down][Size / 8][4], const float (&weights)[Down][keys / 8][4],
                                   const DLC_SHARED float *ofValues, DLC_SHARED float *, int thread) {
    const DLC_SHARED float *value = ofValues + thread % 4 * 2 * pitch + thread % 32 / 4;
#pragma unroll
    for (int step = 0; step < keys / 8; ++step) {
      u32 high[4], low[4];
#pragma unroll
      for (int e = 0; e < 4; ++e)
        splitTf32(weights[0][step][e % 2 * 2 + e / 2], high[e], low[e]);
#pragma unroll
      for (int j = 0; j < Size / 8; ++j)
        multiply(sums[0][j], high, low, value[8 * step * pitch + 8 * j], value[(8 * step + 1) * pitch + 8 * j]);
    }
  }
};

} // namespace

DLC_DEFINE_ATTENTIONS(Sm80, 1, 4)
DLC_DEFINE_ATTENTIONS(Sm80, 1, 1)
