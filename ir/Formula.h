// SPDX-License-Identifier: Apache-2.0
/// \file
/// Formulas over tensors: what those of gradient rules and of importers have in common.
#ifndef DLC_IR_FORMULA_H
#define DLC_IR_FORMULA_H

#include "ir/OpsArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsLogic.h"

namespace dlc {

/// A tensor in a formula: the base of `Term`, which says by `number` what a number beside a tensor becomes. Operators
/// write graph ops, which broadcast, with `Writer::create<OpTy>`. A term without value is what an error leaves; all
/// that is made of it has none either.
template <typename Term, typename Writer> class FormulaTerm {
public:
  FormulaTerm() = default;
  FormulaTerm(Writer &writer, mlir::Value value) : writer(&writer), value(value) {}
  operator mlir::Value() const { return value; }
  explicit operator bool() const { return static_cast<bool>(value); }

  /// An op of one operand and no attributes, or of two.
  template <typename OpTy> Term apply() const { return value ? make(writer->template create<OpTy>(value)) : Term(); }
  template <typename OpTy> Term apply(const Term &other) const {
    return value && other.value ? make(writer->template create<OpTy>(value, other.value)) : Term();
  }
  /// One of two where this boolean is true, and the other elsewhere.
  Term choose(const Term &onTrue, const Term &otherwise) const {
    bool hasAll = value && onTrue.value && otherwise.value;
    return hasAll ? make(writer->template create<WhereOp>(value, onTrue.value, otherwise.value)) : Term();
  }

  friend Term operator+(const Term &a, const Term &b) { return a.template apply<AddOp>(b); }
  friend Term operator-(const Term &a, const Term &b) { return a.template apply<SubOp>(b); }
  friend Term operator*(const Term &a, const Term &b) { return a.template apply<MulOp>(b); }
  friend Term operator/(const Term &a, const Term &b) { return a.template apply<DivOp>(b); }
  friend Term operator+(const Term &a, double b) { return a + a.number(b); }
  friend Term operator-(const Term &a, double b) { return a - a.number(b); }
  friend Term operator*(const Term &a, double b) { return a * a.number(b); }
  friend Term operator/(const Term &a, double b) { return a / a.number(b); }
  friend Term operator+(double a, const Term &b) { return b.number(a) + b; }
  friend Term operator-(double a, const Term &b) { return b.number(a) - b; }
  friend Term operator*(double a, const Term &b) { return b * b.number(a); }
  friend Term operator/(double a, const Term &b) { return b.number(a) / b; }

  // Comparisons give booleans.
  friend Term operator<(const Term &a, const Term &b) { return a.template apply<LessOp>(b); }
  friend Term operator<(const Term &a, double b) { return a < a.number(b); }
  friend Term operator<=(const Term &a, const Term &b) { return a.template apply<LessOrEqualOp>(b); }
  friend Term operator<=(const Term &a, double b) { return a <= a.number(b); }
  friend Term operator>(const Term &a, const Term &b) { return a.template apply<GreaterOp>(b); }
  friend Term operator>(const Term &a, double b) { return a > a.number(b); }
  friend Term operator>=(const Term &a, const Term &b) { return a.template apply<GreaterOrEqualOp>(b); }
  friend Term operator>=(const Term &a, double b) { return a >= a.number(b); }
  friend Term operator==(const Term &a, const Term &b) { return a.template apply<EqualOp>(b); }
  friend Term operator==(const Term &a, double b) { return a == a.number(b); }
  friend Term operator&(const Term &a, const Term &b) { return a.template apply<AndOp>(b); }
  friend Term operator|(const Term &a, const Term &b) { return a.template apply<OrOp>(b); }

protected:
  Term make(mlir::Value result) const { return {*writer, result}; }

  Writer *writer = nullptr; ///< null only without value
  mlir::Value value;
};

} // namespace dlc

#endif // DLC_IR_FORMULA_H
