// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a gradient rule works with.
#ifndef DLC_IR_GRADIENTBUILDER_H
#define DLC_IR_GRADIENTBUILDER_H

#include "ir/DlcDialect.h"
#include <functional>

namespace dlc {

/// One use of an op's gradient rule (GradientOpInterface): it knows the gradient of the op's result and collects those
/// of its operands. The scalar that is differentiated is called L in what follows.
class GradientBuilder {
public:
  /// Ops are written at `builder`'s insertion point; `isWanted` has one entry per operand. `isFinite`: whether operands
  /// and result are finite wherever the function's inputs are. `askedAt` is the location of the `dlc.gradient`.
  GradientBuilder(mlir::OpBuilder &builder, mlir::Operation *op, mlir::Value resultGradient,
                  llvm::ArrayRef<bool> isWanted, bool isFinite = true,
                  std::optional<mlir::Location> askedAt = std::nullopt);

  /// Reports that there is no rule for this use of the op, "has no gradient rule" and `why`, and which gradient needed
  /// one.
  mlir::LogicalResult reportMissingRule(llvm::Twine why = "");

  /// Derivative of L with respect to the op's result; has the result's type. Null if only further results of a
  /// `dlc.custom` have one.
  mlir::Value getResultGradient() const { return resultGradient; }
  mlir::Value getResult() const { return op->getResult(0); }
  /// The same derivative with respect to another value that the op computes, which readers have given theirs; null if
  /// none has (only where `lookUp` was given).
  mlir::Value getGradientOf(mlir::Value value) const { return lookUp ? lookUp(value) : mlir::Value(); }
  void setLookUp(std::function<mlir::Value(mlir::Value)> function) { lookUp = std::move(function); }
  mlir::Value getOperand(unsigned operand) const { return op->getOperand(operand); }
  /// Whether the gradient of this operand is needed. A rule need not write gradients that nobody needs.
  bool wants(unsigned operand) const { return isWanted[operand]; }

  /// `product`, which is `factor` (made of the result's gradient) times a local derivative. Where that may be infinite
  /// or NaN, the result is 0 wherever `factor` is 0: what does not reach L has no part in its gradient. It may be if
  /// `isSingular`, for finite operands, or if the operands themselves may not be finite.
  mlir::Value absorbZero(mlir::Value product, mlir::Value factor, bool isSingular = false);
  /// Sets the gradient of an operand. If the operand was broadcast, `gradient` may have the larger shape: it is
  /// summed; if it is of another floating-point type, it is converted. Integer and boolean operands have none.
  void set(unsigned operand, mlir::Value gradient);
  llvm::ArrayRef<mlir::Value> getGradients() const { return gradients; }

  /// A graph op whose result type is inferred.
  template <typename OpTy, typename... Args> mlir::Value create(Args &&...args) {
    return OpTy::create(builder, op->getLoc(), std::forward<Args>(args)...).getResult();
  }
  /// Elementwise, with broadcasting.
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value subtract(mlir::Value lhs, mlir::Value rhs);
  mlir::Value multiply(mlir::Value lhs, mlir::Value rhs);
  mlir::Value divide(mlir::Value lhs, mlir::Value rhs);
  /// A constant of rank 0 in the element type of `like`.
  mlir::Value scalar(double value, mlir::Value like);
  /// Zeros of the type of `like`.
  mlir::Value zeros(mlir::Value like);
  /// `gradient`, summed over the dimensions in which `operand` was broadcast to it.
  mlir::Value sumTo(mlir::Value gradient, mlir::Value operand);
  /// `x` in f32 if its elements have 16 bits.
  mlir::Value widen(mlir::Value x);
  /// One number in the shape of `like` and its element type.
  mlir::Value fill(double value, mlir::Value like);
  /// The number of elements of the dimensions `axes` of `x`: a scalar of rank 0 in x's element type.
  mlir::Value countElements(mlir::Value x, llvm::ArrayRef<int64_t> axes);
  /// `x` in the shape of `like`, which has as many elements.
  mlir::Value reshapeLike(mlir::Value x, mlir::Value like);
  /// `x` broadcast to the shape of `like`.
  mlir::Value expandLike(mlir::Value x, mlir::Value like);
  /// Dimensions in the order `permutation` (see dlc.transpose).
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> permutation);

  mlir::OpBuilder &builder;
  mlir::Operation *op;

private:
  mlir::Value resultGradient;
  llvm::SmallVector<bool> isWanted;
  bool isFinite;
  llvm::SmallVector<mlir::Value> gradients;
  std::optional<mlir::Location> askedAt;
  std::function<mlir::Value(mlir::Value)> lookUp;
};

/// Extent `dim` of `x` as the shape of a `dlc.reshape` of `x` encodes it: "-2 - dim" if it is not known.
int64_t getReshapeExtent(mlir::Value x, int64_t dim);

/// The shape of `like` as `dlc.reshape`, `dlc.expand` and `dlc.fill` encode it; dynamic extents are those of their
/// operand: extents that are not known are "-2 - d".
llvm::SmallVector<int64_t> getShapeFrom(mlir::Value like);

} // namespace dlc

#endif // DLC_IR_GRADIENTBUILDER_H
