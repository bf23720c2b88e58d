// SPDX-License-Identifier: Apache-2.0
/// \file
/// The steps that attention is built of between its projections; layers and nodes share them.
#ifndef DLC_FRONTEND_JSON_ATTENTIONPARTS_H
#define DLC_FRONTEND_JSON_ATTENTIONPARTS_H

#include "frontend/json/LayerContext.h"

namespace dlc::json {

/// What attention reads. Keys and values may have more positions than queries: those of a cache, before the new ones.
struct AttentionParts {
  mlir::Value query, key, value; ///< [batch, heads, length, size]
  mlir::Value mask;              ///< null, or broadcastable to the scores
  mlir::Value lengths;           ///< null, or the number of keys of each sample
  std::optional<double> scale;   ///< 1 / sqrt(size) if there is none
  double softcap = 0;
  bool isCausal = false;
  std::optional<int64_t> window; ///< positions before its own that a query attends to
  bool isFromEnd = false;        ///< queries are the last positions of the keys
};

/// All functions give null, after an error, where an operand is null or does not fit.

/// [batch, length, heads * size] as [batch, heads, length, size].
mlir::Value splitHeads(OpContext &context, mlir::Value x, int64_t heads);
/// [batch, heads, length, size] as [batch, length, heads * size].
mlir::Value mergeHeads(OpContext &context, mlir::Value x);
/// 0, 1, ...: the positions along dimension `dim` of `x`.
mlir::Value countPositions(OpContext &context, mlir::Value x, int64_t dim);
/// `positions[i] * base^(-k / count)` for k below `count`, in f32: [length, count].
mlir::Value makeAngles(OpContext &context, mlir::Value positions, int64_t count, double base);
/// Rotates element i of each head with element i + size / 2, by an angle that grows with the position.
mlir::Value rotate(OpContext &context, mlir::Value x, mlir::Value positions, double base);
/// A mask of two dimensions, [batch, keys], or three, [batch, queries, keys], for all heads; others as they are.
mlir::Value broadcastMask(OpContext &context, mlir::Value mask);
/// The attention itself: [batch, heads, length, value size].
mlir::Value attend(OpContext &context, const AttentionParts &parts);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_ATTENTIONPARTS_H
