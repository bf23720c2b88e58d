// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/IndexArithmetic.h"
#include "frontend/onnx/ImportOperands.h"
#include "ir/OpsComparison.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsIndexing.h"
#include "ir/OpsLogic.h"
#include "ir/OpsShape.h"

using namespace mlir;

namespace dlc::onnx_import {
namespace {

/// Arithmetic with indices into operand 0.
struct Indexing {
  NodeImporter &node;
  Value x = node.getOperand(0);
  Type i64 = node.getBuilder().getI64Type();

  /// The number of elements of dimensions `from` to `to`, excluded.
  Value count(int64_t from, int64_t to) {
    return node.create<ExtentOp>(x, node.integers(llvm::to_vector(llvm::seq<int64_t>(from, to))), TypeAttr::get(i64));
  }

  /// `indices` into dimension `dim`, all of them inside.
  Value bound(Value indices, int64_t dim) {
    Value zero = node.createScalar(i64, 0), extent = count(dim, dim + 1);
    Value fromEnd = node.add(indices, extent);
    Value along = node.create<WhereOp>(node.create<LessOp>(indices, zero), fromEnd, indices);
    Value last = node.subtract(extent, node.createScalar(i64, 1));
    return node.create<MaxOp>(node.create<MinOp>(along, last), zero);
  }

  /// `position` plus `along`, an index into the dimension before `next`, of dimensions that end before `end`.
  Value add(Value position, Value along, int64_t next, int64_t end) {
    if (next < end)
      along = node.multiply(along, count(next, end));
    return position ? node.add(position, along) : along;
  }
};

} // namespace

Value numberAlong(NodeImporter &node, Value like, int64_t dim, int64_t target, int64_t rank) {
  if (node.hasFailed())
    return {};
  Dims units(rank, node.extent(1));
  units[target] = node.getDims(like)[dim];
  return node.reshape(node.create<IndexOp>(like, node.integer(dim)), units);
}

Value mergeLeadingDims(NodeImporter &node, Value x, int64_t count) {
  if (node.hasFailed())
    return {};
  Dims dims(node.getDims(x));
  SmallVector<int64_t> shape;
  int64_t product = 1;
  for (int64_t dim = 0; dim < count; ++dim) {
    std::optional<int64_t> extent = constantDim(dims[dim]);
    product = extent && product >= 0 ? product * *extent : -1;
  }
  shape.push_back(product);
  for (auto [dim, extent] : llvm::enumerate(ArrayRef(dims).drop_front(count)))
    shape.push_back(node.numberOrDim(extent, count + static_cast<int64_t>(dim)));
  return node.create<ReshapeOp>(x, node.integers(shape));
}

std::optional<FlatIndices> flattenTupleIndices(NodeImporter &node, int64_t batchDims) {
  if (!expectElements(node, 1, ElementClass::Integer))
    return std::nullopt;
  int64_t rank = node.getRank(0), indexRank = node.getRank(1);
  std::optional<int64_t> length = indexRank > 0 ? constantDim(node.getDims(1).back()) : std::nullopt;
  if (!length || batchDims < 0 || batchDims >= indexRank || batchDims + *length > rank) {
    if (!node.hasFailed())
      node.error() << "expects indices whose last extent is known, and at most the operand's rank " << rank
                   << " less the batch dimensions, which are fewer than the indices' rank " << indexRank;
    return std::nullopt;
  }
  Indexing indexing{node};
  int64_t end = batchDims + *length, outer = indexRank - 1;
  Value tuples = node.cast(node.getOperand(1), indexing.i64), position;
  for (int64_t dim = 0; dim < end && !node.hasFailed(); ++dim) {
    Value along;
    if (dim < batchDims) {
      along = numberAlong(node, tuples, dim, outer);
    } else {
      Value which = node.createScalar(indexing.i64, static_cast<double>(dim - batchDims));
      along = indexing.bound(node.create<GatherOp>(tuples, which, node.integer(outer)), dim);
    }
    position = indexing.add(position, along, dim + 1, end);
  }
  if (!position) {
    // Empty tuples choose the whole tensor, again and again.
    SmallVector<int64_t> shape;
    for (auto [dim, extent] : llvm::enumerate(node.getDims(1).drop_back()))
      shape.push_back(node.numberOrDim(extent, static_cast<int64_t>(dim)));
    position = node.create<FillOp>(tuples, node.integers(shape), node.real(0), TypeAttr::get(indexing.i64));
  }
  FlatIndices result{mergeLeadingDims(node, indexing.x, end), position};
  return node.hasFailed() ? std::nullopt : std::optional(result);
}

std::optional<FlatIndices> flattenElementIndices(NodeImporter &node, int64_t axis) {
  if (!expectElements(node, 1, ElementClass::Integer))
    return std::nullopt;
  int64_t rank = node.getRank(0);
  axis = node.normalizeAxis(axis, rank);
  if (int64_t own = node.getRank(1); !node.hasFailed() && own != rank)
    node.error() << "expects indices of the operand's rank " << rank << ", got rank " << own;
  if (node.hasFailed())
    return std::nullopt;
  Indexing indexing{node};
  Value indices = node.cast(node.getOperand(1), indexing.i64), position;
  for (int64_t dim = 0; dim < rank && !node.hasFailed(); ++dim) {
    AffineExpr whole = node.getDims(0)[dim], part = node.getDims(1)[dim];
    std::optional<int64_t> known = constantDim(whole), used = constantDim(part);
    if (dim != axis && known && used && *used > *known)
      node.error() << "has indices for " << *used << " elements of dimension " << dim << ", which has " << *known;
    else if (dim != axis && whole != part && !(known && used))
      node.expectInRun(ExtentRelation::AtLeast, whole, part);
    Value along = dim == axis ? indexing.bound(indices, dim) : numberAlong(node, indices, dim, rank);
    position = indexing.add(position, along, dim + 1, rank);
  }
  // Where the operand is a scalar, so are the indices.
  FlatIndices result{mergeLeadingDims(node, indexing.x, rank),
                     position ? position : node.createScalar(indexing.i64, 0)};
  return node.hasFailed() ? std::nullopt : std::optional(result);
}

} // namespace dlc::onnx_import
