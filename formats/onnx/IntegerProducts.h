// SPDX-License-Identifier: Apache-2.0
/// \file
/// Products of integers of 8 bits as nodes that sum in i32.
#ifndef DLC_FORMATS_ONNX_INTEGERPRODUCTS_H
#define DLC_FORMATS_ONNX_INTEGERPRODUCTS_H

#include "formats/onnx/GraphWriter.h"

namespace dlc {
class ConvOp;
class MatMulOp;
} // namespace dlc

namespace dlc::onnx_export {

/// `MatMulInteger`; a factor that is centred gives its zero point.
std::string emitMatMulInteger(MatMulOp op, GraphWriter &writer);
/// `ConvInteger`. Fails after a diagnostic where a factor is wider than 8 bits or a pad is negative.
mlir::FailureOr<std::string> emitConvInteger(ConvOp op, GraphWriter &writer);

} // namespace dlc::onnx_export

#endif // DLC_FORMATS_ONNX_INTEGERPRODUCTS_H
