// SPDX-License-Identifier: Apache-2.0
#include "passes/training/Formula.h"
#include "ir/OpsActivation.h"
#include "ir/OpsElementwise.h"

namespace dlc {

Term operator-(const Term &a) { return a.apply<NegOp>(); }
Term operator&&(const Term &a, const Term &b) { return a.apply<AndOp>(b); }

Term abs(const Term &x) { return x.apply<AbsOp>(); }
Term sqrt(const Term &x) { return x.apply<SqrtOp>(); }
Term exp(const Term &x) { return x.apply<ExpOp>(); }
Term log(const Term &x) { return x.apply<LogOp>(); }
Term tanh(const Term &x) { return x.apply<TanhOp>(); }
Term sigmoid(const Term &x) { return x.apply<SigmoidOp>(); }

} // namespace dlc
