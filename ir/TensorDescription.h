// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tensors as messages show them: in the notation of models and of `dlc-run info`, not in that of MLIR.
#ifndef DLC_IR_TENSORDESCRIPTION_H
#define DLC_IR_TENSORDESCRIPTION_H

#include "ir/ShapeInference.h"
#include "mlir/IR/Value.h"
#include "mlir/IR/ValueRange.h"
#include "llvm/ADT/SmallVector.h"
#include <string>

namespace dlc {

/// `f32[N, 8]`: the element type and extents of `value`, a tensor of a function that may still be under construction.
/// A dynamic extent is written in the names that the function's inputs have in `dlc.dims` (`N`, `2 * N + 1`), or as `?`
/// where it cannot be inferred from them. Other values are described by their type.
std::string describeTensor(mlir::Value value);

/// The same for the extents alone: `[N, 8]`.
std::string describeShape(mlir::Value value);

/// The extents one by one, for a message about a tensor that differs in some of them, and such a tensor.
llvm::SmallVector<std::string> describeExtents(mlir::Value value);
std::string describeTensor(mlir::Type elementType, llvm::ArrayRef<std::string> extents);

/// The extents of `values` as expressions, for whoever continues a function that is under construction: symbol i is
/// `names[i]`, which is empty where an extent has no name.
llvm::SmallVector<Dims> inferExtents(mlir::ValueRange values, llvm::SmallVectorImpl<std::string> &names);

/// A type without a value: `f32[?, 8]` for a tensor, `f32` for an element type, what MLIR prints for all others.
std::string describeType(mlir::Type type);

} // namespace dlc

#endif // DLC_IR_TENSORDESCRIPTION_H
