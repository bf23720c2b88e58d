// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the attention ops of com.microsoft share: heads, caches and masks.
#ifndef DLC_FRONTEND_ONNX_FUSEDATTENTION_H
#define DLC_FRONTEND_ONNX_FUSEDATTENTION_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// [batch, length, heads * size] as [batch, length, heads, size]; an error if `heads` does not divide the last extent.
mlir::Value splitHeads(NodeImporter &node, mlir::Value x, int64_t heads);
/// Exchanges dimensions 1 and 2 of four: lengths and heads.
mlir::Value exchangeHeads(NodeImporter &node, mlir::Value x);
/// [batch, heads, length, size] as [batch, length, heads * size].
mlir::Value mergeHeads(NodeImporter &node, mlir::Value x);
/// `next` behind `past`, both [batch, heads, length, size].
mlir::Value appendPositions(NodeImporter &node, mlir::Value past, mlir::Value next);

/// What scores are multiplied by: the attribute `scale`, or 1 / sqrt(size) of `query`, [batch, heads, length, size].
double getAttentionScale(NodeImporter &node, mlir::Value query);

/// What is added to the scores where operand `i` hides keys, broadcastable to [batch, heads, queries, keys]; null if
/// it is left out. Hidden keys get a large negative number, not minus infinity: where all are hidden, all
/// count.
mlir::Value createMask(NodeImporter &node, int64_t i, mlir::Value query, mlir::Value key);
/// The sum of `mask`, which may be null, and operand `i`, which may be left out.
mlir::Value addMasks(NodeImporter &node, mlir::Value mask, int64_t i);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_FUSEDATTENTION_H
