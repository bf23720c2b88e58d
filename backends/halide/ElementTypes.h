// SPDX-License-Identifier: Apache-2.0
/// \file
/// How element types are stored in buffers and computed with in kernels.
#ifndef DLC_BACKENDS_HALIDE_ELEMENTTYPES_H
#define DLC_BACKENDS_HALIDE_ELEMENTTYPES_H

#include "Halide.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dlc::halide {

/// The type of an element in a buffer: i1 is one byte that holds 0 or 1, f16 and bf16 are their bits.
Halide::Type getStorageType(mlir::Type elementType);

/// The type that a kernel computes with: f16 and bf16 become f32, i1 a boolean.
Halide::Type getValueType(mlir::Type elementType);

/// The value of an element read from a buffer.
Halide::Expr fromStorage(Halide::Expr stored, mlir::Type elementType);

/// What a buffer holds for `value`; f16 and bf16 are rounded to nearest even.
Halide::Expr toStorage(Halide::Expr value, mlir::Type elementType);

/// `value` as an element of the type: rounded to f16 or bf16 where it is one, otherwise unchanged.
Halide::Expr roundToElementType(Halide::Expr value, mlir::Type elementType);

/// `value` (of the value type of `from`) converted as `dlc.cast` defines it. Floating point outside an integer
/// type's range gives the nearest integer of the type, NaN gives 0.
Halide::Expr convertElement(Halide::Expr value, mlir::Type from, mlir::Type to);

/// The constant `number` in the value type of `elementType`.
Halide::Expr makeConstant(double number, mlir::Type elementType);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_ELEMENTTYPES_H
