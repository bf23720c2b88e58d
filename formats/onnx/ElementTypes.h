// SPDX-License-Identifier: Apache-2.0
/// \file
/// The element types of tensors that dlc and ONNX both have, one row each, for importer, exporter and `dlc reduce`.
#ifndef DLC_FORMATS_ONNX_ELEMENTTYPES_H
#define DLC_FORMATS_ONNX_ELEMENTTYPES_H

#include "mlir/IR/Types.h"
#include <optional>
#include <string>

namespace dlc::onnx_format {

/// The element type that ONNX's TensorProto.DataType `onnxType` names; null where dlc has none.
mlir::Type getElementType(int onnxType, mlir::MLIRContext *context);

/// The TensorProto.DataType of an element type; none for types that ONNX lacks.
std::optional<int32_t> getOnnxType(mlir::Type elementType);

/// The first opset that has an element type, which ONNX has.
int64_t getFirstOpset(mlir::Type elementType);

/// The element type that dlc describes as `name` ("f32", "u8"); null if there is none.
mlir::Type findElementType(llvm::StringRef name, mlir::MLIRContext *context);

/// ONNX's name of `onnxType` ("FLOAT8E5M2"), for messages.
std::string getElementTypeName(int onnxType);

} // namespace dlc::onnx_format

#endif // DLC_FORMATS_ONNX_ELEMENTTYPES_H
