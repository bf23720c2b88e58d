// SPDX-License-Identifier: Apache-2.0
/// \file
/// What layers of [batch, length, features] keep where they see a part of a sequence at a time: how many positions came
/// before, and their keys and values.
#ifndef DLC_FRONTEND_JSON_ATTENTIONCACHE_H
#define DLC_FRONTEND_JSON_ATTENTIONCACHE_H

#include "frontend/json/AttentionParts.h"

namespace dlc::json {

/// The positions of a layer's input in the whole sequence.
struct KeptPositions {
  mlir::Value before; ///< tensor<i64>: positions of earlier runs; null if every run is a sequence of its own
  mlir::Value after;  ///< those of this one, too
};

/// Begins and ends the state that counts positions, at most `most` of them; nothing, with an error, if that
/// fails.
std::optional<KeptPositions> keepPositions(LayerContext &context, std::optional<int64_t> most);

/// The positions along dimension `dim` of `x`, as i64 [length].
mlir::Value countPositions(LayerContext &context, mlir::Value x, int64_t dim, const KeptPositions &positions);

/// Appends the keys and values of `parts` to those of earlier runs, in caches with room for `most` positions, which the
/// queries then look at. False, with an error, if that fails.
bool extendCache(LayerContext &context, AttentionParts &parts, const KeptPositions &positions, int64_t most);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_ATTENTIONCACHE_H
