// SPDX-License-Identifier: Apache-2.0
/// \file
/// Positions as rotations of pairs of elements, for the ops of several domains that embed them.
#ifndef DLC_FRONTEND_ONNX_ROTARYEMBEDDING_H
#define DLC_FRONTEND_ONNX_ROTARYEMBEDDING_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// `x`, of rank 4 with heads' elements last, whose first `rotated` elements per head are rotated as pairs: neighbors
/// where `isInterleaved`, else element i with i + rotated / 2. `cosine` and `sine` broadcast to `x` but for the last
/// dimension, which is rotated / 2. The size of a head must be known and at least `rotated`, an even number.
mlir::Value rotateHeads(NodeImporter &node, mlir::Value x, mlir::Value cosine, mlir::Value sine, int64_t rotated,
                        bool isInterleaved);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_ROTARYEMBEDDING_H
