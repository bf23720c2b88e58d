// SPDX-License-Identifier: Apache-2.0
/// \file
/// How element types are stored in buffers and computed with in kernels.
#ifndef DLC_BACKENDS_HALIDE_ELEMENTTYPES_H
#define DLC_BACKENDS_HALIDE_ELEMENTTYPES_H

#include "Halide.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dlc::halide {

/// The type of an element in a buffer: i1 is one byte that holds 0 or 1, floating point of 16 bits or fewer is its
/// bits, and what is narrower than a byte takes one.
Halide::Type getStorageType(mlir::Type elementType);

/// The type that a kernel computes with: narrower floating point becomes f32, narrower integers those of 8 bits, i1 a
/// boolean.
Halide::Type getValueType(mlir::Type elementType);

/// The value of an element read from a buffer.
Halide::Expr fromStorage(Halide::Expr stored, mlir::Type elementType);

/// What a buffer holds for `value`; floating point of 16 bits or fewer is rounded to nearest even.
Halide::Expr toStorage(Halide::Expr value, mlir::Type elementType);

/// `value` as an element of the type: rounded to floating point of 16 bits or fewer, otherwise unchanged.
Halide::Expr roundToElementType(Halide::Expr value, mlir::Type elementType);

/// `value` (of the value type of `from`) converted as `dlc.cast` defines it. Floating point outside an integer
/// type's range gives the nearest integer of the type, NaN gives 0. `saturate` and `roundMode` are those of the op.
Halide::Expr convertElement(Halide::Expr value, mlir::Type from, mlir::Type to, bool saturate = true,
                            llvm::StringRef roundMode = "up");

/// The constant `number` in the value type of `elementType`.
Halide::Expr makeConstant(double number, mlir::Type elementType);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_ELEMENTTYPES_H
