// SPDX-License-Identifier: Apache-2.0
/// \file
/// What importers of loops share: the inputs of a body and what it gives.
#ifndef DLC_FRONTEND_ONNX_LOOPBODY_H
#define DLC_FRONTEND_ONNX_LOOPBODY_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// `value`, of the extents `dims`, as the input `name` of a body.
Tensor *makeBodyInput(NodeImporter &node, llvm::StringRef name, mlir::Value value,
                      llvm::ArrayRef<mlir::AffineExpr> dims);

/// The integer `value`, which is known, as the input `name` of a body.
Tensor *makeKnownInput(NodeImporter &node, llvm::StringRef name, mlir::Type type, int64_t value);

/// Appends the graph value of a result of a body; false after an error.
bool materializeResult(NodeImporter &node, Tensor &tensor, llvm::SmallVectorImpl<mlir::Value> &values);

/// Whether the step that is being built decides an extent of `value`.
bool isDecidedByStep(NodeImporter &node, mlir::Value value);

/// Whether scan outputs of the loop that is being built can have the slices `values`, an error if not: all are as
/// large.
bool canStack(NodeImporter &node, mlir::ValueRange values);

/// `value`, which the body gives for a loop-carried value, with the extents `wanted` where they do not provably differ;
/// every run checks them.
mlir::Value keepExtents(NodeImporter &node, mlir::Value value, llvm::ArrayRef<mlir::AffineExpr> wanted);

/// Whether the body gives the loop-carried values types and extents that they had before, an error if not.
bool keepsTypes(NodeImporter &node, mlir::ValueRange before, mlir::ValueRange after);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_LOOPBODY_H
