// SPDX-License-Identifier: Apache-2.0
#include "passes/training/Formula.h"
#include "ir/OpsActivation.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsLogic.h"

namespace dlc {

Term Term::choose(const Term &onTrue, const Term &otherwise) const {
  return {*gradients, gradients->create<WhereOp>(value, onTrue.value, otherwise.value)};
}

Term Term::times(const Term &slope, bool isSingular) const { return absorb(apply<MulOp>(slope), isSingular); }

Term operator+(const Term &a, const Term &b) { return a.apply<AddOp>(b); }
Term operator-(const Term &a, const Term &b) { return a.apply<SubOp>(b); }
Term operator*(const Term &a, const Term &b) { return a.apply<MulOp>(b); }
Term operator/(const Term &a, const Term &b) { return a.apply<DivOp>(b); }
Term operator+(const Term &a, double b) { return a.apply<AddOp>(b); }
Term operator-(const Term &a, double b) { return a.apply<SubOp>(b); }
Term operator*(const Term &a, double b) { return a.apply<MulOp>(b); }
Term operator/(const Term &a, double b) { return a.apply<DivOp>(b); }
Term operator+(double a, const Term &b) { return b.number(a).apply<AddOp>(b); }
Term operator-(double a, const Term &b) { return b.number(a).apply<SubOp>(b); }
Term operator*(double a, const Term &b) { return b.apply<MulOp>(a); }
Term operator/(double a, const Term &b) { return b.number(a).apply<DivOp>(b); }
Term operator-(const Term &a) { return a.apply<NegOp>(); }
Term operator>(const Term &a, const Term &b) { return a.apply<GreaterOp>(b); }
Term operator>(const Term &a, double b) { return a.apply<GreaterOp>(b); }
Term operator<(const Term &a, const Term &b) { return a.apply<LessOp>(b); }
Term operator<(const Term &a, double b) { return a.apply<LessOp>(b); }
Term operator>=(const Term &a, double b) { return a.apply<GreaterOrEqualOp>(b); }
Term operator<=(const Term &a, double b) { return a.apply<LessOrEqualOp>(b); }
Term operator&&(const Term &a, const Term &b) { return a.apply<AndOp>(b); }

Term abs(const Term &x) { return x.apply<AbsOp>(); }
Term sqrt(const Term &x) { return x.apply<SqrtOp>(); }
Term exp(const Term &x) { return x.apply<ExpOp>(); }
Term log(const Term &x) { return x.apply<LogOp>(); }
Term tanh(const Term &x) { return x.apply<TanhOp>(); }
Term sigmoid(const Term &x) { return x.apply<SigmoidOp>(); }

} // namespace dlc
