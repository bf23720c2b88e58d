// SPDX-License-Identifier: Apache-2.0
/// \file
/// A product of matrices, summed in f32, out[b, r, c] = store(sum over k of left[b, r, k] right[b, k, c]): what
/// products, and convolutions as products of implicit matrices, share.
///
/// A block of 256 threads computes a square tile of the result. Slices of both operands go through shared memory, a
/// ring of stages; the multiplier, a template argument, says how they come there and what multiplies them. The sum of
/// an element is in ascending order of k, whatever the sizes are, so that its bits do not change from run to run.
#ifndef DLC_BACKENDS_CUDA_KERNELS_PRODUCT_H
#define DLC_BACKENDS_CUDA_KERNELS_PRODUCT_H

#include "Device.h"

// The compiler writes these for each kernel, and they are inlined. `context` is what it hands to the product.

/// The address of an element of an operand; null if it is zero (padding). The element is in the operand.
extern "C" const void *dlcLeft(const void *context, int batch, int row, int k);
extern "C" const void *dlcRight(const void *context, int batch, int k, int column);
/// Stores an element of the result after what follows the product.
extern "C" void dlcStore(const void *context, int batch, int row, int column, float sum);

constexpr int threads = 256;

/// `Depth` terms of an operand in shared memory: `Tile` rows of the left one, or columns of the right one. `ByDepth`:
/// terms of one row (column) are neighbours in global memory, and then here; else the rows (columns) are. `Width`
/// neighbours are aligned and all or none of them are in the operand. `Padding` keeps apart the banks that a warp
/// reads.
template <int Depth, int Tile, bool ByDepth, int Width, int PaddingByDepth, int PaddingByTile> struct Slice {
  static constexpr int pitch = ByDepth ? Depth + PaddingByDepth : Tile + PaddingByTile;
  static constexpr int elements = (ByDepth ? Tile : Depth) * pitch;
  static constexpr int width = Width;
  static constexpr bool isByDepth = ByDepth;
  /// Groups of `Width` elements that a thread copies.
  static constexpr int groups = Tile * Depth / Width / threads;

  DLC_INLINE int offsetOf(int position, int k) { return ByDepth ? position * pitch + k : k * pitch + position; }
  /// The first element of group `number` of `thread`.
  DLC_INLINE void find(int number, int thread, int &position, int &k) {
    int item = number * threads + thread;
    if constexpr (ByDepth) {
      k = item % (Depth / Width) * Width;
      position = item / (Depth / Width);
    } else {
      position = item % (Tile / Width) * Width;
      k = item / (Tile / Width);
    }
  }
};

/// An element as the product defines it, where a multiplier is exact for finite numbers alone.
DLC_INLINE float sumPlainly(const void *context, int batch, int row, int column, int depth) {
  float sum = 0;
#pragma clang loop unroll(disable) vectorize(disable)
  for (int k = 0; k < depth; ++k) {
    const float *left = static_cast<const float *>(dlcLeft(context, batch, row, k)),
                *right = static_cast<const float *>(dlcRight(context, batch, k, column));
    sum = __builtin_fmaf(left ? *left : 0.0f, right ? *right : 0.0f, sum);
  }
  return sum;
}

template <typename Multiplier> DLC_INLINE void computeProduct(const void *context, int rows, int columns, int depth) {
  using Left = typename Multiplier::Left;
  using Right = typename Multiplier::Right;
  using Element = typename Multiplier::Element;
  constexpr int tile = Multiplier::tile, stages = Multiplier::stages, depthOfSlice = Multiplier::depth;
  const int thread = getThread();
  // Neighbouring blocks share columns of the right operand.
  const int tilesOfRows = (rows + tile - 1) / tile, tilesOfColumns = (columns + tile - 1) / tile;
  const int block = getBlock(), batch = block / tilesOfRows / tilesOfColumns;
  const int firstRow = block % tilesOfRows * tile, firstColumn = block / tilesOfRows % tilesOfColumns * tile;
  const int slices = (depth + depthOfSlice - 1) / depthOfSlice;

  auto getStage = [&](int slice) __attribute__((always_inline)) {
    return reinterpret_cast<DLC_SHARED Element *>(dlcShared) + slice % stages * (Left::elements + Right::elements);
  };
  auto findLeft = [&](int position, int k) __attribute__((always_inline)) -> const void * {
    bool isInside = firstRow + position < rows && k < depth;
    return isInside ? dlcLeft(context, batch, firstRow + position, k) : nullptr;
  };
  auto findRight = [&](int position, int k) __attribute__((always_inline)) -> const void * {
    bool isInside = firstColumn + position < columns && k < depth;
    return isInside ? dlcRight(context, batch, k, firstColumn + position) : nullptr;
  };

  Multiplier multiplier;
  auto fetch = [&](int slice) __attribute__((always_inline)) {
    multiplier.fetch(getStage(slice), slice * depthOfSlice, thread, findLeft, findRight);
  };
#pragma unroll
  for (int slice = 0; slice < stages - 1; ++slice) {
    if (slice < slices)
      fetch(slice);
    multiplier.commit(getStage(slice), thread, slice < slices);
  }
  for (int slice = 0; slice < slices; ++slice) {
    multiplier.wait();
    waitForBlock();
    int next = slice + stages - 1;
    if (next < slices)
      fetch(next);
    if constexpr (!Multiplier::storesAfterUse)
      multiplier.commit(getStage(next), thread, next < slices);
    multiplier.multiply(getStage(slice), getStage(slice) + Left::elements, thread);
    if constexpr (Multiplier::storesAfterUse)
      multiplier.commit(getStage(next), thread, next < slices);
  }
  // Elements of this thread that the definition decides: the parts of an infinity are NaN, and so is their sum.
  u64 irregular = 0;
  auto isInside = [&](int row, int column) __attribute__((always_inline)) { return row < rows && column < columns; };
#pragma unroll
  for (int number = 0; number < Multiplier::elements; ++number) {
    int row = firstRow + Multiplier::getRow(thread, number),
        column = firstColumn + Multiplier::getColumn(thread, number);
    float sum = multiplier.getSum(number);
    if (Multiplier::isForFinite && sum != sum)
      irregular |= 1ull << number;
    else if (isInside(row, column))
      dlcStore(context, batch, row, column, sum);
  }
  if constexpr (Multiplier::isForFinite)
#pragma clang loop unroll(disable)
    for (int number = 0; irregular; ++number, irregular >>= 1) {
      int row = firstRow + Multiplier::getRow(thread, number),
          column = firstColumn + Multiplier::getColumn(thread, number);
      if ((irregular & 1) && isInside(row, column))
        dlcStore(context, batch, row, column, sumPlainly(context, batch, row, column, depth));
    }
}

/// X(multiplier, tile, left by depth, its width, right by depth, its width) for all instances of a tile: widths are 1
/// and `wide`.
#define DLC_PRODUCTS(X, multiplier, tile, wide)                                                                        \
  DLC_PRODUCTS_OF_LEFT(X, multiplier, tile, 0, 1, wide)                                                                \
  DLC_PRODUCTS_OF_LEFT(X, multiplier, tile, 0, wide, wide)                                                             \
  DLC_PRODUCTS_OF_LEFT(X, multiplier, tile, 1, 1, wide)                                                                \
  DLC_PRODUCTS_OF_LEFT(X, multiplier, tile, 1, wide, wide)
#define DLC_PRODUCTS_OF_LEFT(X, multiplier, tile, left, leftWidth, wide)                                               \
  X(multiplier, tile, left, leftWidth, 0, 1)                                                                           \
  X(multiplier, tile, left, leftWidth, 0, wide)                                                                        \
  X(multiplier, tile, left, leftWidth, 1, 1)                                                                           \
  X(multiplier, tile, left, leftWidth, 1, wide)

/// Defines the instance `dlcProductMULTIPLIER_TILE_LEFT_WIDTH_RIGHT_WIDTH`, and `..._shared`, the bytes of shared
/// memory that it takes.
#define DLC_DEFINE_PRODUCT(multiplier, tile, left, leftWidth, right, rightWidth)                                       \
  extern "C" void dlcProduct##multiplier##_##tile##_##left##_##leftWidth##_##right##_##rightWidth(                     \
      const void *context, int rows, int columns, int depth) {                                                         \
    computeProduct<multiplier<tile, left, leftWidth, right, rightWidth>>(context, rows, columns, depth);               \
  }                                                                                                                    \
  extern "C" const int dlcProduct##multiplier##_##tile##_##left##_##leftWidth##_##right##_##rightWidth##_shared =      \
      sharedBytes<multiplier<tile, left, leftWidth, right, rightWidth>>;
template <typename Multiplier>
constexpr int sharedBytes = Multiplier::stages * (Multiplier::Left::elements + Multiplier::Right::elements) *
                            static_cast<int>(sizeof(typename Multiplier::Element));

#endif // DLC_BACKENDS_CUDA_KERNELS_PRODUCT_H
