// SPDX-License-Identifier: Apache-2.0
/// \file
/// Element types by name, and numbers as elements in memory.
#ifndef DLC_FRONTEND_JSON_ELEMENTS_H
#define DLC_FRONTEND_JSON_ELEMENTS_H

#include "mlir/IR/BuiltinTypes.h"
#include <string>
#include <vector>

namespace dlc::json {

/// The names of element types in models: f64, f32, f16, bf16, i64..i8, u64..u8, i1.
const std::vector<std::string> &getElementTypeNames();

/// The element type called `name` in models, or null.
mlir::Type getElementType(llvm::StringRef name, mlir::MLIRContext *context);

/// The name of an element type in models.
std::string getElementTypeName(mlir::Type type);

/// Bytes of one element in memory; i1 takes one.
size_t getElementSize(mlir::Type type);

/// Product of `shape` times the element size; nothing if it overflows or is above 2^40 elements.
std::optional<uint64_t> getByteCount(llvm::ArrayRef<int64_t> shape, mlir::Type type);

/// Writes `value`, rounded to nearest even, as an element of the floating-point type `type`.
void storeFloat(double value, mlir::Type type, char *target);

/// Writes `value` as an element of the integer type `type`; false if it does not fit.
bool storeInteger(int64_t value, mlir::Type type, char *target);

/// `[2, 3]`
std::string formatShape(llvm::ArrayRef<int64_t> shape);

} // namespace dlc::json

#endif // DLC_FRONTEND_JSON_ELEMENTS_H
