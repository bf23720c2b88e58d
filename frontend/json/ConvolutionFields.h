// SPDX-License-Identifier: Apache-2.0
/// \file
/// The attributes of convolutions and pools.
#ifndef DLC_FRONTEND_JSON_CONVOLUTIONFIELDS_H
#define DLC_FRONTEND_JSON_CONVOLUTIONFIELDS_H

#include "frontend/QuantizedNodes.h"
#include "frontend/json/NodeContext.h"

namespace dlc::json {

std::vector<Field> getConvolutionFields();
std::vector<Field> getPoolFields();

/// The window of a convolution of `x` with the weight `w`; nothing after an error.
std::optional<ConvolutionWindow> readConvolution(NodeContext &context, mlir::Value x, mlir::Value w);
/// The window of a pool of the first operand.
std::optional<PoolWindow> readPoolWindow(NodeContext &context);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_CONVOLUTIONFIELDS_H
