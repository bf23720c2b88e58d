// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/TensorFormula.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsLogic.h"
#include "ir/OpsReduction.h"

using namespace mlir;

namespace dlc::onnx_import {

Term Term::number(double number) const {
  return value ? make(node->createScalar(getElementTypeOrSelf(value), number)) : Term();
}

Term Term::at(int64_t index) const { return value ? make(node->sliceAlong(value, 0, index, 1)).reshape({}) : Term(); }

Term Term::floor() const { return apply<FloorOp>(); }
Term Term::ceil() const { return apply<CeilOp>(); }
Term Term::abs() const { return apply<AbsOp>(); }
Term Term::logicalNot() const { return apply<NotOp>(); }
Term Term::min(const Term &other) const { return apply<MinOp>(other); }
Term Term::max(const Term &other) const { return apply<MaxOp>(other); }

Term Term::choose(const Term &onTrue, const Term &onFalse) const {
  if (!value || !onTrue.value || !onFalse.value)
    return {};
  return make(node->create<WhereOp>(value, onTrue.value, onFalse.value));
}

Term Term::sum(int64_t dim, bool keepsDim) const {
  return value ? make(node->create<ReduceOp>(ReductionKind::Sum, value, ArrayRef<int64_t>{dim}, keepsDim)) : Term();
}

Term Term::any(int64_t dim) const {
  return value ? make(node->create<ReduceOp>(ReductionKind::Max, value, ArrayRef<int64_t>{dim}, false)) : Term();
}

Term operator+(const Term &a, const Term &b) { return a.apply<AddOp>(b); }
Term operator-(const Term &a, const Term &b) { return a.apply<SubOp>(b); }
Term operator*(const Term &a, const Term &b) { return a.apply<MulOp>(b); }
Term operator/(const Term &a, const Term &b) { return a.apply<DivOp>(b); }
Term operator+(const Term &a, double b) { return a + a.number(b); }
Term operator-(const Term &a, double b) { return a - a.number(b); }
Term operator*(const Term &a, double b) { return a * a.number(b); }
Term operator/(const Term &a, double b) { return a / a.number(b); }
Term operator+(double a, const Term &b) { return b.number(a) + b; }
Term operator-(double a, const Term &b) { return b.number(a) - b; }
Term operator*(double a, const Term &b) { return b.number(a) * b; }
Term operator/(double a, const Term &b) { return b.number(a) / b; }

Term operator<(const Term &a, const Term &b) { return a.apply<LessOp>(b); }
Term operator<(const Term &a, double b) { return a < a.number(b); }
Term operator<=(const Term &a, const Term &b) { return a.apply<LessOrEqualOp>(b); }
Term operator<=(const Term &a, double b) { return a <= a.number(b); }
Term operator>(const Term &a, const Term &b) { return a.apply<GreaterOp>(b); }
Term operator>(const Term &a, double b) { return a > a.number(b); }
Term operator>=(const Term &a, const Term &b) { return a.apply<GreaterOrEqualOp>(b); }
Term operator>=(const Term &a, double b) { return a >= a.number(b); }
Term operator==(const Term &a, const Term &b) { return a.apply<EqualOp>(b); }
Term operator==(const Term &a, double b) { return a == a.number(b); }
Term operator&(const Term &a, const Term &b) { return a.apply<AndOp>(b); }
Term operator|(const Term &a, const Term &b) { return a.apply<OrOp>(b); }

} // namespace dlc::onnx_import
