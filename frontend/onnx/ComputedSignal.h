// SPDX-License-Identifier: Apache-2.0
/// \file
/// Transforms, frames and filters of signals whose lengths, steps or axes only a run knows.
#ifndef DLC_FRONTEND_ONNX_COMPUTEDSIGNAL_H
#define DLC_FRONTEND_ONNX_COMPUTEDSIGNAL_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// Whether a run decides operand `i`, which is there.
bool isDecidedByRun(NodeImporter &node, int64_t i);

/// The one integer that is operand `i`, perhaps of a run; null after an error.
mlir::AffineExpr getOneInteger(NodeImporter &node, int64_t i, llvm::StringRef what);

/// `DFT` along `axis` of operand 0, counted from the end where it is negative. `length` samples count, or all where it
/// is null. Null after an error.
mlir::Value transformByRun(NodeImporter &node, mlir::AffineExpr axis, mlir::AffineExpr length, bool isInverse,
                           bool isOneSided);

/// The frames that `STFT` takes of `length` samples, one after `step` samples each, times its window: [batch, frames,
/// samples, parts]. Null after an error.
mlir::Value cutFrames(NodeImporter &node, mlir::AffineExpr step, mlir::AffineExpr length);

/// `STFT` in frames of `length` samples, one after `step` samples each. Null after an error.
mlir::Value frameByRun(NodeImporter &node, mlir::AffineExpr step, mlir::AffineExpr length);

/// `MelWeightMatrix`. Null after an error.
mlir::Value makeMelWeights(NodeImporter &node);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_COMPUTEDSIGNAL_H
