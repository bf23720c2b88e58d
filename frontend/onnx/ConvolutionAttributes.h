// SPDX-License-Identifier: Apache-2.0
/// \file
/// The attributes that convolutions share.
#ifndef DLC_FRONTEND_ONNX_CONVOLUTIONATTRIBUTES_H
#define DLC_FRONTEND_ONNX_CONVOLUTIONATTRIBUTES_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

struct ConvolutionAttributes {
  mlir::SmallVector<int64_t> kernel, strides, dilations;
  int64_t groups = 1;
};

/// Those of a convolution of operand `xIndex` with the weight `wIndex`; nothing after an error.
std::optional<ConvolutionAttributes> getConvolutionAttributes(NodeImporter &node, int64_t xIndex, int64_t wIndex);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_CONVOLUTIONATTRIBUTES_H
