// SPDX-License-Identifier: Apache-2.0
/// \file
/// Formulas over tensors, so that a gradient rule reads like the derivative in a textbook.
#ifndef DLC_PASSES_TRAINING_FORMULA_H
#define DLC_PASSES_TRAINING_FORMULA_H

#include "ir/Formula.h"
#include "ir/GradientBuilder.h"

namespace dlc {

/// A tensor in a formula; numbers take the element type of the tensor beside them, which is a floating-point type.
class Term : public FormulaTerm<Term, GradientBuilder> {
public:
  using FormulaTerm::FormulaTerm;

  using FormulaTerm::apply;
  template <typename OpTy> Term apply(double other) const { return apply<OpTy>(number(other)); }
  using FormulaTerm::choose;
  Term choose(const Term &onTrue, double otherwise) const { return choose(onTrue, onTrue.number(otherwise)); }
  Term choose(double onTrue, const Term &otherwise) const { return choose(otherwise.number(onTrue), otherwise); }
  /// This factor times `slope`; see GradientBuilder::absorbZero.
  Term times(const Term &slope, bool isSingular = false) const { return absorb(*this * slope, isSingular); }
  /// `product`, which is this factor times something; see GradientBuilder::absorbZero.
  Term absorb(const Term &product, bool isSingular = false) const {
    return make(writer->absorbZero(product.value, value, isSingular));
  }
  Term number(double other) const { return make(writer->scalar(other, value)); }
};

Term operator-(const Term &a);
Term operator&&(const Term &a, const Term &b);

Term abs(const Term &x);
Term sqrt(const Term &x);
Term exp(const Term &x);
Term log(const Term &x);
Term tanh(const Term &x);
Term sigmoid(const Term &x);

} // namespace dlc

#endif // DLC_PASSES_TRAINING_FORMULA_H
