// SPDX-License-Identifier: Apache-2.0
/// \file
/// Products and convolutions of ONNX's default domain, which ops of other domains compute with more at the end.
#ifndef DLC_FRONTEND_ONNX_SUMSOFPRODUCTS_H
#define DLC_FRONTEND_ONNX_SUMSOFPRODUCTS_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// What `Gemm` gives for the operands and attributes of `node`. Null after an error.
mlir::Value createGemm(NodeImporter &node);

/// What `Conv` gives for the first three operands and the attributes of `node`, which has at most `mostOperands`, all
/// of one element type. Null after an error.
mlir::Value createConv(NodeImporter &node, int64_t mostOperands);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_SUMSOFPRODUCTS_H
