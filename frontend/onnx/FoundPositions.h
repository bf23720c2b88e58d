// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tensors whose extents data decides: as many elements as a condition holds for.
#ifndef DLC_FRONTEND_ONNX_FOUNDPOSITIONS_H
#define DLC_FRONTEND_ONNX_FOUNDPOSITIONS_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// The positions of the true elements of `mask`, row-major and ascending, as an i64 vector whose extent is an extent of
/// its own (NodeImporter::readBack). `mask` is a tensor of booleans. Null after an error.
mlir::Value findTrue(NodeImporter &node, mlir::Value mask);

/// `x` as a vector, row-major.
mlir::Value flatten(NodeImporter &node, mlir::Value x);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_FOUNDPOSITIONS_H
