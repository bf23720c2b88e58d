// SPDX-License-Identifier: Apache-2.0
/// \file
/// Formulas over tensors, so that a gradient rule reads like the derivative in a textbook.
#ifndef DLC_PASSES_TRAINING_FORMULA_H
#define DLC_PASSES_TRAINING_FORMULA_H

#include "ir/GradientBuilder.h"

namespace dlc {

/// A tensor in a formula. Operators write graph ops; numbers take the element type of the tensor beside them, which is
/// a floating-point type.
class Term {
public:
  Term(GradientBuilder &gradients, mlir::Value value) : gradients(&gradients), value(value) {}
  operator mlir::Value() const { return value; }

  /// An op of one operand and no attributes.
  template <typename OpTy> Term apply() const { return {*gradients, gradients->create<OpTy>(value)}; }
  template <typename OpTy> Term apply(const Term &other) const {
    return {*gradients, gradients->create<OpTy>(value, other.value)};
  }
  template <typename OpTy> Term apply(double other) const { return apply<OpTy>(number(other)); }
  /// `otherwise` where this boolean is false.
  Term choose(const Term &onTrue, const Term &otherwise) const;
  Term choose(const Term &onTrue, double otherwise) const { return choose(onTrue, onTrue.number(otherwise)); }
  Term choose(double onTrue, const Term &otherwise) const { return choose(otherwise.number(onTrue), otherwise); }
  /// This factor times `slope`; see GradientBuilder::absorbZero.
  Term times(const Term &slope, bool isSingular = false) const;
  /// `product`, which is this factor times something; see GradientBuilder::absorbZero.
  Term absorb(const Term &product, bool isSingular = false) const {
    return {*gradients, gradients->absorbZero(product.value, value, isSingular)};
  }
  Term number(double other) const { return {*gradients, gradients->scalar(other, value)}; }

private:
  GradientBuilder *gradients;
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
Term operator-(const Term &a);
/// Comparisons give booleans.
Term operator>(const Term &a, const Term &b);
Term operator>(const Term &a, double b);
Term operator<(const Term &a, const Term &b);
Term operator<(const Term &a, double b);
Term operator>=(const Term &a, double b);
Term operator<=(const Term &a, double b);
Term operator&&(const Term &a, const Term &b);

Term abs(const Term &x);
Term sqrt(const Term &x);
Term exp(const Term &x);
Term log(const Term &x);
Term tanh(const Term &x);
Term sigmoid(const Term &x);

} // namespace dlc

#endif // DLC_PASSES_TRAINING_FORMULA_H
