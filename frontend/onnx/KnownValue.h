// SPDX-License-Identifier: Apache-2.0
/// \file
/// Small tensors whose elements are known while a model is imported, perhaps as expressions of symbolic extents.
#ifndef DLC_FRONTEND_ONNX_KNOWNVALUE_H
#define DLC_FRONTEND_ONNX_KNOWNVALUE_H

#include "frontend/onnx/ConstantTensor.h"
#include "ir/ShapeInference.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc::onnx_import {

/// One element: an integer as an expression of extents (mostly a constant), or a floating-point number. An extent that
/// was cast to floating point stays an expression, and may be divided. Integers of 2^63 and more are not followed.
struct KnownElement {
  mlir::AffineExpr expression; ///< null: `number` counts
  double number = 0;
  int64_t divisor = 1; ///< of `expression`, positive; not 1 only for floating point

  KnownElement() = default;
  KnownElement(mlir::AffineExpr expression, int64_t divisor = 1) : expression(expression), divisor(divisor) {}
  explicit KnownElement(double number) : number(number) {}
  bool operator==(const KnownElement &other) const {
    return expression == other.expression && divisor == other.divisor && (expression || number == other.number);
  }

  bool isConstant() const { return !expression || constantDim(expression); }
  /// The value of a constant.
  double asReal() const {
    return expression ? static_cast<double>(*constantDim(expression)) / static_cast<double>(divisor) : number;
  }
};

/// A tensor of known elements, row-major.
struct KnownValue {
  mlir::Type elementType;
  llvm::SmallVector<int64_t> shape;
  llvm::SmallVector<KnownElement> elements;

  /// Larger tensors are not followed: shape arithmetic is small.
  static constexpr int64_t maxElements = 1024;

  bool isConstant() const {
    return llvm::all_of(elements, [](const KnownElement &element) { return element.isConstant(); });
  }
  int64_t rank() const { return shape.size(); }

  /// Nothing if an element is not one that is followed.
  static std::optional<KnownValue> read(ConstantTensor tensor);
  /// Writes a constant value's elements into `bytes`, which has their size.
  void write(llvm::MutableArrayRef<char> bytes) const;
};

/// `element` as `dlc.cast` converts it to `type`. Nothing for what cannot be expressed.
std::optional<KnownElement> convertElement(const KnownElement &element, mlir::Type type);

/// An element as a quotient of an expression and a positive number; nothing for a number that is not a fraction of
/// small whole numbers.
std::optional<KnownElement> asFraction(const KnownElement &element, mlir::MLIRContext *context);

/// The value of `shape` whose element at row-major position i is the element of `source` at position `sourceOf(i)`.
KnownValue pickElements(const KnownValue &source, llvm::ArrayRef<int64_t> shape,
                        llvm::function_ref<int64_t(int64_t)> sourceOf);

/// Number of elements of `shape`, at most the largest int64_t.
int64_t countElements(llvm::ArrayRef<int64_t> shape);

/// The NumPy broadcast of two shapes, if they fit.
std::optional<llvm::SmallVector<int64_t>> broadcastShapes(llvm::ArrayRef<int64_t> lhs, llvm::ArrayRef<int64_t> rhs);
/// Position in an operand of `shape` of the element that broadcasting puts at row-major position `position` of
/// `result`.
int64_t broadcastPosition(int64_t position, llvm::ArrayRef<int64_t> result, llvm::ArrayRef<int64_t> shape);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_KNOWNVALUE_H
