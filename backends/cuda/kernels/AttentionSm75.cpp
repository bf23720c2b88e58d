// SPDX-License-Identifier: Apache-2.0
// Attention by multiply-add in f32, for GPUs without tensor cores for the operands' type and for --math=strict. A
// thread computes the elements that it would have of the products of tensor cores, 32 keys at a time: two queries by 16
// bytes meet eight keys by 16 bytes, and two exponentials two neighbours of a value. Exponentials go through shared
// memory, each warp its own.
//
// Keys and values take turns in one slot, so that heads of 128 fit the 64 KB of a block of compute capability 7.5.
#include "Attention.h"
#include "RowCopies.h"

namespace {

/// `StoredType` is the operands' type in global memory.
template <typename StoredType, int Size, int Down, int Width> struct MultiplyAdd {
  using Element = float;
  using Stored = StoredType;
  static constexpr int size = Size, down = Down, rows = 64 * Down, keys = 32;
  // Four elements more lead eight rows, of which a warp reads 16 bytes each, to 32 banks.
  static constexpr int pitch = Size + 4, slots = 1, weightPitch = keys + 4;
  static constexpr int sharedBytes = ((rows + slots * keys) * pitch + rows * weightPitch) * 4;
  static constexpr bool isForFinite = false;
  static constexpr attention::Store store =
      Width == 4 && sizeof(Stored) == 4 ? attention::Store::Pairs : attention::Store::Elements;
  using Copy = DelayedRows<Stored, keys, Size, pitch, Width, attention::threads>;

  DLC_INLINE Float4 load(const DLC_SHARED float *from) { return *reinterpret_cast<const DLC_SHARED Float4 *>(from); }

  DLC_INLINE void multiplyByKeys(float (&scores)[Down][keys / 8][4], const DLC_SHARED float *ofQueries,
                                 const DLC_SHARED float *ofKeys, int thread) {
    const DLC_SHARED float *query = ofQueries + attention::getRow<Down>(thread, 0, 0) * pitch;
#pragma unroll 1
    for (int step = 0; step < Size; step += 4) {
      const Float4 left[2] = {load(query + step), load(query + 8 * pitch + step)};
#pragma unroll
      for (int number = 0; number < keys / 4; ++number) {
        const Float4 right = load(ofKeys + attention::getColumn(thread, number) * pitch + step);
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          float &score = scores[0][number / 2][2 * half + number % 2];
#pragma unroll
          for (int e = 0; e < 4; ++e)
            score = __builtin_fmaf(left[half][e], right[e], score);
        }
      }
    }
  }

  DLC_INLINE void multiplyByValues(float (&sums)[Down][Size / 8][4], const float (&weights)[Down][keys / 8][4],
                                   const DLC_SHARED float *ofValues, DLC_SHARED float *ofWeights, int thread) {
    DLC_SHARED float *own = ofWeights + attention::getRow<Down>(thread, 0, 0) * weightPitch;
#pragma unroll
    for (int number = 0; number < keys / 2; ++number)
      own[number / 2 % 2 * 8 * weightPitch + attention::getColumn(thread, number / 4 * 2 + number % 2)] =
          weights[0][number / 4][number % 4];
    __nvvm_bar_warp_sync(-1);
#pragma unroll 1
    for (int key = 0; key < keys; key += 4) {
      const Float4 left[2] = {load(own + key), load(own + 8 * weightPitch + key)};
#pragma unroll
      for (int e = 0; e < 4; ++e)
#pragma unroll
        for (int j = 0; j < Size / 8; ++j) {
          const Float2 right = *reinterpret_cast<const DLC_SHARED Float2 *>(ofValues + (key + e) * pitch +
                                                                            attention::getColumn(thread, 2 * j));
#pragma unroll
          for (int part = 0; part < 4; ++part)
            sums[0][j][part] = __builtin_fmaf(left[part / 2][e], right[part % 2], sums[0][j][part]);
        }
    }
  }
};

template <int Size, int Down, int Width> using Sm75 = MultiplyAdd<float, Size, Down, Width>;
template <int Size, int Down, int Width> using Sm75F16 = MultiplyAdd<Half, Size, Down, Width>;
template <int Size, int Down, int Width> using Sm75BF16 = MultiplyAdd<BFloat, Size, Down, Width>;

} // namespace

DLC_DEFINE_ATTENTIONS(Sm75, 1, 4)
DLC_DEFINE_ATTENTIONS(Sm75, 1, 1)
DLC_DEFINE_ATTENTIONS(Sm75F16, 1, 4)
DLC_DEFINE_ATTENTIONS(Sm75F16, 1, 1)
DLC_DEFINE_ATTENTIONS(Sm75BF16, 1, 4)
DLC_DEFINE_ATTENTIONS(Sm75BF16, 1, 1)
