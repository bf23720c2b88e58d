// SPDX-License-Identifier: Apache-2.0
// Positions as rotations: pairs of elements of each head are rotated by an angle that grows with the position.
#include "frontend/onnx/ImportOperands.h"
#include "frontend/onnx/OpRegistry.h"
#include "frontend/onnx/RotaryEmbedding.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsMovement.h"
#include "ir/OpsSlicing.h"

using namespace mlir;

namespace dlc::onnx_import {

/// `size` elements of the last of four dimensions from `start` on, every `step`-th.
static Value sliceLast(NodeImporter &node, Value x, int64_t start, int64_t size, int64_t step) {
  return node.create<SliceOp>(x, node.integers({0, 0, 0, start}), node.integers({-1, -1, -1, size}),
                              node.integers({1, 1, 1, step}));
}

Value rotateHeads(NodeImporter &node, Value x, Value cosine, Value sine, int64_t rotated, bool isInterleaved) {
  if (node.hasFailed())
    return {};
  int64_t half = rotated / 2, size = *constantDim(node.getDims(x)[3]);
  Value a = sliceLast(node, x, 0, half, isInterleaved ? 2 : 1),
        b = sliceLast(node, x, isInterleaved ? 1 : half, half, isInterleaved ? 2 : 1);
  Value real = node.subtract(node.multiply(cosine, a), node.multiply(sine, b));
  Value imaginary = node.add(node.multiply(sine, a), node.multiply(cosine, b));
  if (node.hasFailed())
    return {};
  Value turned;
  if (isInterleaved) {
    Dims pairs(node.getDims(real)), merged = pairs;
    pairs.push_back(node.extent(1));
    merged[3] = node.extent(rotated);
    turned = node.reshape(
        node.create<ConcatOp>(ValueRange{node.reshape(real, pairs), node.reshape(imaginary, pairs)}, node.integer(4)),
        merged);
  } else {
    turned = node.create<ConcatOp>(ValueRange{real, imaginary}, node.integer(3));
  }
  if (rotated < size)
    turned = node.create<ConcatOp>(ValueRange{turned, sliceLast(node, x, rotated, size - rotated, 1)}, node.integer(3));
  return turned;
}

namespace {

/// The cosines or sines of each position, broadcastable to x of rank 4, whose dimension `lengthDim` is the length.
Value getRotation(NodeImporter &node, int64_t operand, int64_t lengthDim, int64_t half) {
  Value table = node.getOperand(operand);
  if (node.hasOperand(3) && !node.hasFailed())
    table = node.create<GatherOp>(table, node.getOperand(3), node.integer(0));
  if (node.hasFailed())
    return {};
  Dims dims(node.getDims(table));
  if (dims.size() != 3 || constantDim(dims[2]).value_or(half) != half) {
    node.error() << "expects a cache with " << half << " numbers per position"
                 << (node.hasOperand(3) ? "" : ", for every sample and position where there are no position_ids");
    return {};
  }
  dims.insert(dims.begin() + (lengthDim == 1 ? 2 : 1), node.extent(1));
  return node.reshape(table, dims);
}

void importRotaryEmbedding(NodeImporter &node) {
  if (!node.expectOperands(3, 4) || !expectElements(node, 0, ElementClass::Real))
    return;
  Dims whole(node.getDims(0));
  Value x = node.getOperand(0);
  bool hasRankThree = whole.size() == 3;
  if (hasRankThree) {
    int64_t heads = node.getInteger("num_heads", 0);
    std::optional<int64_t> hidden = constantDim(whole[2]);
    if (heads < 1 || !hidden || *hidden % heads != 0) {
      if (!node.hasFailed())
        node.error() << "of rank 3 needs a known last extent that 'num_heads' (" << heads << ") divides";
      return;
    }
    x = node.reshape(x, {whole[0], whole[1], node.extent(heads), node.extent(*hidden / heads)});
  }
  if (node.hasFailed())
    return;
  std::optional<int64_t> size = whole.size() == 3 || whole.size() == 4 ? constantDim(node.getDims(x)[3]) : std::nullopt;
  int64_t rotated = node.getInteger("rotary_embedding_dim", 0);
  rotated = rotated == 0 ? size.value_or(0) : rotated;
  if (!size || rotated < 2 || rotated % 2 != 0 || rotated > *size) {
    if (!node.hasFailed())
      node.error() << "expects rank 3 or 4 and rotates an even number of elements of each head, got " << rotated
                   << " of " << size.value_or(0);
    return;
  }
  int64_t half = rotated / 2, lengthDim = hasRankThree ? 1 : 2;
  bool isInterleaved = node.getFlag("interleaved");
  Value cosine = getRotation(node, 1, lengthDim, half), sine = getRotation(node, 2, lengthDim, half);
  Value turned = rotateHeads(node, x, cosine, sine, rotated, isInterleaved);
  node.setResult(0, hasRankThree ? node.reshape(turned, whole) : turned);
}

} // namespace

void registerRotaryEmbedding(OpRegistry &registry) { registry.add("RotaryEmbedding", 23, importRotaryEmbedding); }

} // namespace dlc::onnx_import
