// SPDX-License-Identifier: Apache-2.0
/// \file
/// Attention: result[row] = sum over keys of p[row, key] value[key], where p is the softmax of a row's scores, the
/// products of its query with the keys.
///
/// A block of four warps computes a tile of rows: queries of one sample, for all heads that share their keys, one query
/// after the other. Keys and values go through shared memory, a block of them at a time: the values are copied while
/// scores are computed, the next keys while values are summed. Scores stay in registers. A row has its largest score
/// and the sum of its exponentials so far, and its sums are rescaled where the largest score grows (online softmax,
/// FlashAttention-2). All sums are in a fixed order, so that their bits do not change from run to run.
///
/// A key that a query does not attend to contributes nothing, whatever its elements are.
#ifndef DLC_BACKENDS_CUDA_KERNELS_ATTENTION_H
#define DLC_BACKENDS_CUDA_KERNELS_ATTENTION_H

#include "Device.h"

// The compiler writes these for each kernel, and they are inlined. `context` is what it hands to the attention.

/// The first element of a row of an operand.
extern "C" const void *dlcQuery(const void *context, int sample, int head, int query);
extern "C" const void *dlcKey(const void *context, int sample, int group, int key);
extern "C" const void *dlcValue(const void *context, int sample, int group, int key);
/// A query attends to keys from the first one on and before the end, in the tensor; neither decreases with the query.
extern "C" int dlcFirstKey(const void *context, int sample, int query);
extern "C" int dlcEndKey(const void *context, int sample, int query);
/// The score for the product of a query and a key; minus infinity if a mask excludes the key.
extern "C" float dlcScore(const void *context, int sample, int head, int query, int key, float product);
/// The first element of a row of the result.
extern "C" void *dlcResult(const void *context, int sample, int head, int query);
/// Rounds an element of the result, and stores it.
extern "C" void dlcStore(const void *context, int sample, int head, int query, int column, float element);

namespace attention {

constexpr int threads = 128;

/// How the result is stored: element by element, two neighbours in f32 at a time, or elements of 16 bits as rows, which
/// a warp puts together where its queries were.
enum class Store { Elements, Pairs, Rows };

/// 2^x, 0 below 2^-126.
DLC_INLINE float exp2Fast(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
/// `x` of the lane whose number differs in `mask`.
DLC_INLINE float exchange(float x, int mask) { return __nvvm_shfl_sync_bfly_f32(-1, x, mask, 31); }
DLC_INLINE int minimum(int a, int b) { return a < b ? a : b; }

/// What an exponential is the distance from: 0 for a row without keys.
DLC_INLINE float baseOf(float largest) { return largest == -__builtin_inff() ? 0.0f : largest; }

/// The rows of the accumulators of a warp: `down` pieces of 16 rows, of each of which a thread has elements of two, and
/// of those two neighbours out of eight columns.
template <int Down> DLC_INLINE int getRow(int thread, int piece, int half) {
  return thread / 32 * 16 * Down + 16 * piece + 8 * half + thread % 32 / 4;
}
DLC_INLINE int getColumn(int thread, int number) { return number / 2 * 8 + thread % 4 * 2 + number % 2; }

/// One attention, in a thread. `Family` says how operands come to shared memory, and what multiplies them.
template <typename Family> class Attention {
  using Stored = typename Family::Stored;
  static constexpr int rows = Family::rows, keys = Family::keys, down = Family::down;
  static constexpr int scoresOfRow = keys / 4, columnsOfRow = Family::size / 4;

public:
  /// `ratio` heads share one of the `groups` heads of keys. `exponent` times a score is that of 2.
  __attribute__((always_inline)) void compute(const void *ofContext, int groups, int ofRatio, int queries, int ofSize,
                                              int ofValueSize, float ofExponent) {
    context = ofContext, ratio = ofRatio, size = ofSize, valueSize = ofValueSize, exponent = ofExponent;
    thread = getThread();
    allRows = queries * ratio;
    // The last queries come first: where attention is causal they see the most keys.
    const int tiles = (allRows + rows - 1) / rows, block = getBlock();
    firstRow = (tiles - 1 - block % tiles) * rows;
    group = block / tiles % groups;
    sample = block / tiles / groups;
    const int firstQuery = firstRow / ratio, lastQuery = (minimum(firstRow + rows, allRows) - 1) / ratio;
    const int begin = dlcFirstKey(context, sample, firstQuery);
    end = dlcEndKey(context, sample, lastQuery);
    // Keys that all queries of the tile attend to.
    const int wholeBegin = dlcFirstKey(context, sample, lastQuery), wholeEnd = dlcEndKey(context, sample, firstQuery);

    if (begin < end) {
      fetchQueries();
      fetchKeys(begin / keys * keys);
    }
    for (int first = begin / keys * keys; first < end; first += keys) {
      finishCopies(ofKeys);
      fetchValues(first);
      float scores[down][scoresOfRow / 2][4] = {};
      Family::multiplyByKeys(scores, ofQueries, ofKeys, thread);
      if constexpr (Family::isForFinite)
        repairScores(scores, first);
      finishScores(scores, first, first >= wholeBegin && first + keys <= wholeEnd);
      takeExponentials(scores);
      finishCopies(ofValues);
      if (first + keys < end)
        fetchKeys(first + keys);
      Family::multiplyByValues(sums, scores, ofValues, ofWeights, thread);
    }
    store();
  }

private:
  DLC_SHARED typename Family::Element *const ofQueries =
      reinterpret_cast<DLC_SHARED typename Family::Element *>(dlcShared);
  /// With one slot for both, values replace keys.
  DLC_SHARED typename Family::Element *const ofKeys = ofQueries + rows * Family::pitch,
                                             *const ofValues = ofKeys + (Family::slots - 1) * keys * Family::pitch,
                                             *const ofWeights = ofValues + keys * Family::pitch;
  const void *context;
  int sample, group, ratio, size, valueSize, allRows, firstRow, end, thread;
  float exponent;
  float largest[down][2], totals[down][2] = {}, sums[down][columnsOfRow / 2][4] = {};
  typename Family::Copy copy;

public:
  __attribute__((always_inline)) Attention() {
#pragma unroll
    for (int piece = 0; piece < down; ++piece)
      largest[piece][0] = largest[piece][1] = -__builtin_inff();
  }

private:
  __attribute__((always_inline)) int headOf(int row) const { return group * ratio + row % ratio; }
  __attribute__((always_inline)) int rowOf(int piece, int half) const {
    return firstRow + getRow<down>(thread, piece, half);
  }

  __attribute__((always_inline)) void fetchQueries() {
#pragma unroll
    for (int part = 0; part < rows; part += keys) {
      copy.begin(ofQueries + part * Family::pitch, thread, size, [&](int row) __attribute__((always_inline)) {
        row += firstRow + part;
        return row < allRows ? dlcQuery(context, sample, headOf(row), row / ratio) : nullptr;
      });
      if constexpr (Family::Copy::isDelayed)
        copy.finish(ofQueries + part * Family::pitch, thread);
    }
  }
  // Rows beyond the last one become zeros.
  __attribute__((always_inline)) void fetchKeys(int first) {
    copy.begin(ofKeys, thread, size, [&](int key) __attribute__((always_inline)) {
      return first + key < end ? dlcKey(context, sample, group, first + key) : nullptr;
    });
  }
  __attribute__((always_inline)) void fetchValues(int first) {
    copy.begin(ofValues, thread, valueSize, [&](int key) __attribute__((always_inline)) {
      return first + key < end ? dlcValue(context, sample, group, first + key) : nullptr;
    });
  }
  /// Completes what was begun last, for all threads; before that, all are done with what was there.
  __attribute__((always_inline)) void finishCopies(DLC_SHARED typename Family::Element *to) {
    if constexpr (Family::slots == 1)
      waitForBlock();
    copy.finish(to, thread);
    waitForBlock();
  }

  /// The product of a query and a key as it is defined.
  __attribute__((always_inline)) float multiplyPlainly(int row, int key) const {
    auto *left = static_cast<const Stored *>(dlcQuery(context, sample, headOf(row), row / ratio)),
         *right = static_cast<const Stored *>(dlcKey(context, sample, group, key));
    float sum = 0;
#pragma clang loop unroll(disable) vectorize(disable)
    for (int k = 0; k < size; ++k)
      sum = __builtin_fmaf(toFloat(left[k]), toFloat(right[k]), sum);
    return sum;
  }

  /// Products that are NaN, as they are where an operand is infinite, whose parts are NaN.
  __attribute__((always_inline)) void repairScores(float (&scores)[down][scoresOfRow / 2][4], int first) const {
    static_assert(!Family::isForFinite || down == 1);
    u32 irregular = 0;
#pragma unroll
    for (int number = 0; number < 2 * scoresOfRow; ++number)
      irregular |= static_cast<u32>(scores[0][number / 4][number % 4] != scores[0][number / 4][number % 4]) << number;
#pragma clang loop unroll(disable)
    for (int number = 0; irregular; ++number, irregular >>= 1) {
      int row = rowOf(0, number / 2 % 2), key = first + getColumn(thread, number / 4 * 2 + number % 2);
      if (!(irregular & 1) || row >= allRows || key >= end)
        continue;
      float product = multiplyPlainly(row, key);
#pragma unroll
      for (int other = 0; other < 2 * scoresOfRow; ++other)
        scores[0][other / 4][other % 4] = other == number ? product : scores[0][other / 4][other % 4];
    }
  }

  /// What products become scores by; minus infinity where a query does not attend to a key.
  __attribute__((always_inline)) void finishScores(float (&scores)[down][scoresOfRow / 2][4], int first,
                                                   bool isWhole) const {
#pragma unroll
    for (int piece = 0; piece < down; ++piece)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        int row = rowOf(piece, half), head = headOf(row), query = row / ratio;
#pragma unroll
        for (int number = 0; number < scoresOfRow; ++number) {
          float &score = scores[piece][number / 2][2 * half + number % 2];
          score = dlcScore(context, sample, head, query, first + getColumn(thread, number), score);
        }
        if (isWhole)
          continue;
        int ownBegin = dlcFirstKey(context, sample, query) - first, ownEnd = dlcEndKey(context, sample, query) - first;
#pragma unroll
        for (int number = 0; number < scoresOfRow; ++number) {
          float &score = scores[piece][number / 2][2 * half + number % 2];
          int key = getColumn(thread, number);
          score = key >= ownBegin && key < ownEnd ? score : -__builtin_inff();
        }
      }
  }

  /// Scores become exponentials of their distances from the largest one of the row so far; NaN is not the largest, but
  /// stays.
  __attribute__((always_inline)) void takeExponentials(float (&scores)[down][scoresOfRow / 2][4]) {
#pragma unroll
    for (int piece = 0; piece < down; ++piece)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float best = largest[piece][half];
#pragma unroll
        for (int number = 0; number < scoresOfRow; ++number)
          best = __builtin_fmaxf(best, scores[piece][number / 2][2 * half + number % 2]);
        best = __builtin_fmaxf(best, exchange(best, 1));
        best = __builtin_fmaxf(best, exchange(best, 2));
        const float base = baseOf(best), factor = exp2Fast((largest[piece][half] - base) * exponent);
        largest[piece][half] = best;
        float total = totals[piece][half] * factor;
#pragma unroll
        for (int number = 0; number < scoresOfRow; ++number) {
          float &score = scores[piece][number / 2][2 * half + number % 2];
          score = exp2Fast((score - base) * exponent);
          total += score;
        }
        totals[piece][half] = total;
#pragma unroll
        for (int number = 0; number < columnsOfRow; ++number)
          sums[piece][number / 2][2 * half + number % 2] *= factor;
      }
  }

  /// An element of the result as it is defined, without its division: the sum over the keys that the query attends to.
  __attribute__((always_inline)) float sumPlainly(int row, int column, float base) const {
    const int query = row / ratio, head = headOf(row), last = dlcEndKey(context, sample, query);
    float sum = 0;
#pragma clang loop unroll(disable) vectorize(disable)
    for (int key = dlcFirstKey(context, sample, query); key < last; ++key) {
      float score = dlcScore(context, sample, head, query, key, multiplyPlainly(row, key));
      if (score == -__builtin_inff())
        continue;
      float element = toFloat(static_cast<const Stored *>(dlcValue(context, sample, group, key))[column]);
      sum = __builtin_fmaf(exp2Fast((score - base) * exponent), element, sum);
      if (sum != sum)
        break;
    }
    return sum;
  }

  __attribute__((always_inline)) void store() {
    static_assert(columnsOfRow <= 32);
#pragma unroll
    for (int piece = 0; piece < down; ++piece)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        float total = totals[piece][half];
        total += exchange(total, 1);
        total += exchange(total, 2);
        const float inverse = total == 0.0f ? 0.0f : 1.0f / total;
        const int row = getRow<down>(thread, piece, half);
        const bool exists = firstRow + row < allRows;
        // Elements that the definition decides: zero times a value that is infinite or NaN, of a key that the query
        // does not attend to, and the parts of an infinity.
        u32 irregular = 0;
#pragma unroll
        for (int number = 0; number < columnsOfRow; number += 2) {
          const float *sum = sums[piece][number / 2] + 2 * half;
          irregular |= static_cast<u32>(sum[0] != sum[0]) << number | static_cast<u32>(sum[1] != sum[1])
                                                                          << (number + 1);
          storePair(row, getColumn(thread, number), sum[0] * inverse, sum[1] * inverse, exists);
        }
        if (!exists || total != total)
          continue;
#pragma clang loop unroll(disable)
        for (int number = 0; irregular; ++number, irregular >>= 1) {
          const int column = getColumn(thread, number);
          if ((irregular & 1) && column < valueSize)
            storeElement(row, column, sumPlainly(firstRow + row, column, baseOf(largest[piece][half])) * inverse);
        }
      }
    if constexpr (Family::store == Store::Rows)
      copyRows();
  }

  __attribute__((always_inline)) char *resultOf(int row) const {
    row += firstRow;
    return static_cast<char *>(dlcResult(context, sample, headOf(row), row / ratio));
  }
  __attribute__((always_inline)) void storePair(int row, int column, float first, float second, bool exists) {
    if constexpr (Family::store == Store::Rows) {
      *reinterpret_cast<DLC_SHARED u32 *>(ofQueries + row * Family::pitch + column) = Family::pack(first, second);
    } else if constexpr (Family::store == Store::Pairs) {
      if (exists && column < valueSize)
        reinterpret_cast<Float2 *>(resultOf(row))[column / 2] = Float2{first, second};
    } else if (exists) {
      if (column < valueSize)
        storeElement(row, column, first);
      if (column + 1 < valueSize)
        storeElement(row, column + 1, second);
    }
  }
  __attribute__((always_inline)) void storeElement(int row, int column, float element) {
    if constexpr (Family::store == Store::Rows)
      ofQueries[row * Family::pitch + column] = static_cast<u16>(Family::pack(element, 0));
    else
      dlcStore(context, sample, headOf(firstRow + row), (firstRow + row) / ratio, column, element);
  }
  /// The rows of a warp, 16 bytes per thread at a time.
  __attribute__((always_inline)) void copyRows() {
    constexpr int groupsOfRow = Family::size / 8;
    __nvvm_bar_warp_sync(-1);
#pragma unroll
    for (int number = 0; number < 16 * down * groupsOfRow / 32; ++number) {
      const int item = number * 32 + thread % 32, column = item % groupsOfRow * 8,
                row = thread / 32 * 16 * down + item / groupsOfRow;
      if (firstRow + row < allRows && column < valueSize)
        *reinterpret_cast<Words4 *>(resultOf(row) + 2 * column) =
            *reinterpret_cast<DLC_SHARED Words4 *>(ofQueries + row * Family::pitch + column);
    }
  }
};

} // namespace attention

/// Defines the instance `dlcAttentionFAMILY_SIZE_DOWN_WIDTH`, and `..._shared`, the bytes of shared memory that it
/// takes: for heads of up to `size` elements, with `64 down` rows per block, operands read in groups of `width`.
#define DLC_DEFINE_ATTENTION(Family, size, down, width)                                                                \
  extern "C" void dlcAttention##Family##_##size##_##down##_##width(                                                    \
      const void *context, int groups, int ratio, int queries, int ofHead, int ofValue, float exponent) {              \
    attention::Attention<Family<size, down, width>>().compute(context, groups, ratio, queries, ofHead, ofValue,        \
                                                              exponent);                                               \
  }                                                                                                                    \
  extern "C" const int dlcAttention##Family##_##size##_##down##_##width##_shared =                                     \
      Family<size, down, width>::sharedBytes;
#define DLC_DEFINE_ATTENTIONS(Family, down, width)                                                                     \
  DLC_DEFINE_ATTENTION(Family, 32, down, width)                                                                        \
  DLC_DEFINE_ATTENTION(Family, 64, down, width)                                                                        \
  DLC_DEFINE_ATTENTION(Family, 96, down, width)                                                                        \
  DLC_DEFINE_ATTENTION(Family, 128, down, width)

#endif // DLC_BACKENDS_CUDA_KERNELS_ATTENTION_H
