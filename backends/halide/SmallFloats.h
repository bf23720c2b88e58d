// SPDX-License-Identifier: Apache-2.0
/// \file
/// Floating point of 8 bits or fewer in kernels, which compute with it in f32.
#ifndef DLC_BACKENDS_HALIDE_SMALLFLOATS_H
#define DLC_BACKENDS_HALIDE_SMALLFLOATS_H

#include "Halide.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dlc::halide {

/// Whether `type` is floating point of 8 bits or fewer.
bool isSmallFloat(mlir::Type type);

/// The f32 that a byte holds as an element of `type`; unused high bits are ignored.
Halide::Expr decodeSmallFloat(Halide::Expr byte, mlir::FloatType type);

/// The byte of the element of `type` nearest to an f32, as `dlc.cast` defines it.
Halide::Expr encodeSmallFloat(Halide::Expr value, mlir::FloatType type, bool saturate, llvm::StringRef roundMode);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_SMALLFLOATS_H
