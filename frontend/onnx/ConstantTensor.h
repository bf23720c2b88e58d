// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tensors of numbers in the importer's memory.
#ifndef DLC_FRONTEND_ONNX_CONSTANTTENSOR_H
#define DLC_FRONTEND_ONNX_CONSTANTTENSOR_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Support/LLVM.h"
#include <optional>
#include <string>

namespace dlc::onnx_import {

/// Row-major elements that somebody else owns; bool takes one byte an element. Not necessarily aligned.
struct ConstantTensor {
  mlir::RankedTensorType type; ///< static
  llvm::ArrayRef<char> bytes;

  explicit operator bool() const { return static_cast<bool>(type); }
};

/// The element type that ONNX's TensorProto.DataType `onnxType` names; null where dlc has none.
mlir::Type getElementType(int onnxType, mlir::MLIRContext *context);
/// How ONNX calls `onnxType` ("FLOAT8E5M2"), for messages.
std::string getElementTypeName(int onnxType);

/// Elements of a byte where ONNX packs several into one; 1 for all other types.
int64_t getPackedElements(mlir::Type elementType);
/// Bytes of an element in memory, where packed elements take one each.
int64_t getElementSize(mlir::Type elementType);
/// Bytes of a tensor with these extents; nothing where an extent is negative or there are 2^40 elements or more.
std::optional<int64_t> getTensorSize(llvm::ArrayRef<int64_t> shape, mlir::Type elementType);

/// Whether `type` is signed, unsigned or bool.
inline bool isInteger(mlir::Type type) { return llvm::isa<mlir::IntegerType>(type); }
inline bool isBool(mlir::Type type) { return type.isInteger(1); }
inline bool isUnsigned(mlir::Type type) { return type.isUnsignedInteger() || isBool(type); }

/// One element as an integer (floating point: truncated, at most the ends of i64; u64 as the i64 of the same bits) or
/// as a double.
int64_t readInteger(mlir::Type elementType, const char *bytes);
double readReal(mlir::Type elementType, const char *bytes);
/// Stores a number as `dlc.cast` converts it: integers wrap, floating point rounds to nearest even and becomes the
/// nearest integer of an integer type.
void writeInteger(mlir::Type elementType, int64_t value, char *bytes);
void writeReal(mlir::Type elementType, double value, char *bytes);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_CONSTANTTENSOR_H
