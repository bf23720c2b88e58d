// SPDX-License-Identifier: Apache-2.0
/// \file
/// Rows of a tensor on their way to shared memory, in groups of `Width` neighbours, each by one thread of a block.
///
/// begin(to, thread, size, find) starts with what is in memory, finish(to, thread) ends it, for this thread. find(row)
/// is the address of the row's first element, null for a row of zeros; elements from `size` on become zeros. Between
/// the two, `to` may still be read where `isDelayed`.
#ifndef DLC_BACKENDS_CUDA_KERNELS_ROWCOPIES_H
#define DLC_BACKENDS_CUDA_KERNELS_ROWCOPIES_H

#include "Device.h"

template <typename Stored, int Rows, int Size, int Width, int Threads> struct RowGroups {
  static constexpr int count = Rows * Size / Width / Threads;
  static_assert(count * Width * Threads == Rows * Size);

  struct __attribute__((aligned(Width * sizeof(Stored)))) Group {
    Stored elements[Width];
  };
  /// Neighbouring threads copy neighbours of `across` groups. They are few, so that a thread has several groups of a
  /// row, but 128 bytes where that is possible, the banks of shared memory.
  static constexpr int groupsOfRow = Size / Width, across = Width == 1 ? 32 : groupsOfRow % 8 == 0 ? 8 : 4;
  static_assert(groupsOfRow % across == 0 && Threads % across == 0 && Rows % (Threads / across) == 0);
  DLC_INLINE int getRow(int number, int thread) {
    return number / (groupsOfRow / across) * (Threads / across) + thread / across;
  }
  DLC_INLINE int getColumn(int number, int thread) {
    return (number % (groupsOfRow / across) * across + thread % across) * Width;
  }
  template <typename Find> DLC_INLINE const Group *find(int number, int thread, int size, Find findRow) {
    auto *row = static_cast<const Stored *>(findRow(getRow(number, thread)));
    int column = getColumn(number, thread);
    return row && column < size ? reinterpret_cast<const Group *>(row + column) : nullptr;
  }
};

/// By asynchronous copies, of 4 or 16 bytes.
template <typename Stored, int Rows, int Size, int Pitch, int Width, int Threads> struct AsyncRows {
  using Groups = RowGroups<Stored, Rows, Size, Width, Threads>;
  static constexpr bool isDelayed = false;

  template <typename To, typename Find>
  __attribute__((always_inline)) void begin(DLC_SHARED To *to, int thread, int size, Find findRow) {
#pragma unroll
    for (int number = 0; number < Groups::count; ++number)
      copyAsync<sizeof(typename Groups::Group)>(to + Groups::getRow(number, thread) * Pitch +
                                                    Groups::getColumn(number, thread),
                                                Groups::find(number, thread, size, findRow));
    commitCopies();
  }
  template <typename To> __attribute__((always_inline)) void finish(DLC_SHARED To *, int) { waitForCopies<0>(); }
};

/// By registers, which hold the elements between begin and finish; stored as f32 or as they are.
template <typename Stored, int Rows, int Size, int Pitch, int Width, int Threads> struct DelayedRows {
  using Groups = RowGroups<Stored, Rows, Size, Width, Threads>;
  static constexpr bool isDelayed = true;

  typename Groups::Group waiting[Groups::count];

  template <typename To, typename Find>
  __attribute__((always_inline)) void begin(DLC_SHARED To *, int thread, int size, Find findRow) {
#pragma unroll
    for (int number = 0; number < Groups::count; ++number) {
      auto *from = Groups::find(number, thread, size, findRow);
      waiting[number] = {};
      if (from)
        waiting[number] = *from;
    }
  }
  __attribute__((always_inline)) void finish(DLC_SHARED float *to, int thread) {
#pragma unroll
    for (int number = 0; number < Groups::count; ++number)
#pragma unroll
      for (int i = 0; i < Width; ++i)
        to[Groups::getRow(number, thread) * Pitch + Groups::getColumn(number, thread) + i] =
            toFloat(waiting[number].elements[i]);
  }
  __attribute__((always_inline)) void finish(DLC_SHARED u16 *to, int thread) {
    static_assert(sizeof(Stored) == 2 && Width == 8);
#pragma unroll
    for (int number = 0; number < Groups::count; ++number)
      *reinterpret_cast<DLC_SHARED Words4 *>(to + Groups::getRow(number, thread) * Pitch +
                                             Groups::getColumn(number, thread)) =
          __builtin_bit_cast(Words4, waiting[number]);
  }
};

/// At once: single elements of 16 bits, for which there are neither asynchronous copies nor registers enough.
template <typename Stored, int Rows, int Size, int Pitch, int Threads> struct DirectRows {
  using Groups = RowGroups<Stored, Rows, Size, 1, Threads>;
  static constexpr bool isDelayed = false;

  template <typename Find>
  __attribute__((always_inline)) void begin(DLC_SHARED u16 *to, int thread, int size, Find findRow) {
#pragma unroll 4
    for (int number = 0; number < Groups::count; ++number) {
      auto *from = Groups::find(number, thread, size, findRow);
      u16 bits = 0;
      if (from)
        bits = from->elements[0].bits;
      to[Groups::getRow(number, thread) * Pitch + Groups::getColumn(number, thread)] = bits;
    }
  }
  __attribute__((always_inline)) void finish(DLC_SHARED u16 *, int) {}
};

#endif // DLC_BACKENDS_CUDA_KERNELS_ROWCOPIES_H
