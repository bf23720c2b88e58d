// SPDX-License-Identifier: Apache-2.0
/// \file
/// Bounds of extents that data decides inside a branch or the step of a loop, over what is known before it.
#ifndef DLC_FRONTEND_ONNX_DECIDEDBOUNDS_H
#define DLC_FRONTEND_ONNX_DECIDEDBOUNDS_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// The largest value of `extent`, of a tensor inside `region`, over what is known before it and the symbols `kept`;
/// null if nothing bounds it.
mlir::AffineExpr boundAround(NodeImporter &node, mlir::AffineExpr extent, mlir::Region &region,
                             llvm::ArrayRef<mlir::AffineExpr> kept = {});

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_DECIDEDBOUNDS_H
