// SPDX-License-Identifier: Apache-2.0
/// \file
/// Indices into several dimensions as positions in one.
#ifndef DLC_FRONTEND_ONNX_INDEXARITHMETIC_H
#define DLC_FRONTEND_ONNX_INDEXARITHMETIC_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// A tensor as a list of rows, and which of them indices choose.
struct FlatIndices {
  mlir::Value rows;      ///< the tensor, with the dimensions that are indexed merged to dimension 0
  mlir::Value positions; ///< i64, each between 0 and the number of rows
};

/// Operand 0 of `GatherND` and `ScatterND` and the tuples in the last dimension of operand 1, which index the
/// dimensions from `batchDims` on; the first `batchDims` dimensions of both correspond. Negative indices count from the
/// end; what is outside is moved to the nearest element. Nothing after an error.
std::optional<FlatIndices> flattenTupleIndices(NodeImporter &node, int64_t batchDims);

/// The same for `GatherElements` and `ScatterElements`: every element of operand 1 is an index into dimension `axis` of
/// operand 0; the rows are single elements.
std::optional<FlatIndices> flattenElementIndices(NodeImporter &node, int64_t axis);

/// 0, 1, ... along dimension `dim` of `like`, as i64, at dimension `target` of `rank` dimensions whose others have
/// extent
/// 1. Null after an error.
mlir::Value numberAlong(NodeImporter &node, mlir::Value like, int64_t dim, int64_t target, int64_t rank);
/// The same at dimension `dim` itself.
inline mlir::Value numberAlong(NodeImporter &node, mlir::Value like, int64_t dim, int64_t rank) {
  return numberAlong(node, like, dim, dim, rank);
}

/// `x` with its first `count` dimensions as one.
mlir::Value mergeLeadingDims(NodeImporter &node, mlir::Value x, int64_t count);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_INDEXARITHMETIC_H
