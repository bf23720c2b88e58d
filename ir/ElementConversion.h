// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a number becomes an element of a type, as `dlc.cast` defines it: what importers and folders compute is what
/// kernels compute.
#ifndef DLC_IR_ELEMENTCONVERSION_H
#define DLC_IR_ELEMENTCONVERSION_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APSInt.h"

namespace dlc {

/// `value` as an integer of `type`: toward zero, clamped to the range of the type, 0 for NaN. For types narrower than a
/// byte, the low bits of what it is as i32.
/// For i1, whether it is not 0.
llvm::APInt convertToInteger(const llvm::APFloat &value, mlir::IntegerType type);

/// `value`, of any width, as an integer of `type`: its low bits. For i1, whether it is not 0.
llvm::APInt convertToInteger(const llvm::APSInt &value, mlir::IntegerType type);

/// `value` as a number of `type`: rounded once, to nearest even. Types of 8 bits or fewer saturate: see `dlc.cast`.
llvm::APFloat convertToFloat(const llvm::APFloat &value, mlir::FloatType type);
llvm::APFloat convertToFloat(const llvm::APSInt &value, mlir::FloatType type);

/// The number whose element of `type` is stored as `bits`, the low ones of a byte where the type has fewer than 8.
llvm::APFloat readFloat(uint64_t bits, mlir::FloatType type);

/// `value` as an element of a floating-point or integer type: what `DenseElementsAttr` takes for a splat.
mlir::Attribute makeElement(double value, mlir::Type elementType);

} // namespace dlc

#endif // DLC_IR_ELEMENTCONVERSION_H
