// SPDX-License-Identifier: Apache-2.0
/// \file
/// Formulas over small tensors that a run computes, so that an importer reads like the definition of its op.
#ifndef DLC_FRONTEND_ONNX_TENSORFORMULA_H
#define DLC_FRONTEND_ONNX_TENSORFORMULA_H

#include "frontend/onnx/NodeImporter.h"

namespace dlc::onnx_import {

/// A tensor in a formula. Operators write graph ops, which broadcast; a number takes the element type of the tensor
/// beside it. Null after an error, and then everything that is made of it.
class Term {
public:
  Term() = default;
  Term(NodeImporter &node, mlir::Value value) : node(&node), value(value) {}
  operator mlir::Value() const { return value; }
  mlir::Type getType() const { return value ? mlir::getElementTypeOrSelf(value) : mlir::Type(); }
  explicit operator bool() const { return static_cast<bool>(value); }

  /// An op of one operand and no attributes, or of two.
  template <typename OpTy> Term apply() const { return value ? make(node->create<OpTy>(value)) : Term(); }
  template <typename OpTy> Term apply(const Term &other) const {
    return value && other.value ? make(node->create<OpTy>(value, other.value)) : Term();
  }
  /// `number` as a scalar of this element type.
  Term number(double number) const;
  Term cast(mlir::Type type) const { return value ? make(node->cast(value, type)) : Term(); }
  Term reshape(llvm::ArrayRef<mlir::AffineExpr> dims) const {
    return value ? make(node->reshape(value, dims)) : Term();
  }
  /// The element at `index` of a tensor of rank 1, as a scalar.
  Term at(int64_t index) const;
  Term floor() const;
  Term ceil() const;
  Term abs() const;
  Term logicalNot() const;
  Term min(const Term &other) const;
  Term max(const Term &other) const;
  /// One of two where this boolean is true, and the other elsewhere.
  Term choose(const Term &onTrue, const Term &onFalse) const;
  /// The sum along `dim`; booleans have none.
  Term sum(int64_t dim, bool keepsDim = false) const;
  /// Whether any element along `dim` of this tensor of booleans is true.
  Term any(int64_t dim) const;

private:
  Term make(mlir::Value result) const { return {*node, result}; }

  NodeImporter *node = nullptr; ///< null only without value
  mlir::Value value;
};

Term operator+(const Term &a, const Term &b);
Term operator-(const Term &a, const Term &b);
Term operator*(const Term &a, const Term &b);
Term operator/(const Term &a, const Term &b);
Term operator+(const Term &a, double b);
Term operator-(const Term &a, double b);
Term operator*(const Term &a, double b);
Term operator/(const Term &a, double b);
Term operator+(double a, const Term &b);
Term operator-(double a, const Term &b);
Term operator*(double a, const Term &b);
Term operator/(double a, const Term &b);
/// Comparisons give booleans.
Term operator<(const Term &a, const Term &b);
Term operator<(const Term &a, double b);
Term operator<=(const Term &a, const Term &b);
Term operator<=(const Term &a, double b);
Term operator>(const Term &a, const Term &b);
Term operator>(const Term &a, double b);
Term operator>=(const Term &a, const Term &b);
Term operator>=(const Term &a, double b);
Term operator==(const Term &a, const Term &b);
Term operator==(const Term &a, double b);
Term operator&(const Term &a, const Term &b);
Term operator|(const Term &a, const Term &b);

} // namespace dlc::onnx_import

#endif // DLC_FRONTEND_ONNX_TENSORFORMULA_H
