// SPDX-License-Identifier: Apache-2.0
#include "frontend/onnx/TensorFormula.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsExtrema.h"
#include "ir/OpsLogic.h"
#include "ir/OpsReduction.h"

using namespace mlir;

namespace dlc::onnx_import {

Term Term::number(double number) const {
  return value ? make(writer->createScalar(getElementTypeOrSelf(value), number)) : Term();
}

Term Term::at(int64_t index) const { return value ? make(writer->sliceAlong(value, 0, index, 1)).reshape({}) : Term(); }

Term Term::floor() const { return apply<FloorOp>(); }
Term Term::ceil() const { return apply<CeilOp>(); }
Term Term::abs() const { return apply<AbsOp>(); }
Term Term::logicalNot() const { return apply<NotOp>(); }
Term Term::min(const Term &other) const { return apply<MinOp>(other); }
Term Term::max(const Term &other) const { return apply<MaxOp>(other); }

Term Term::sum(int64_t dim, bool keepsDim) const {
  return value ? make(writer->create<ReduceOp>(ReductionKind::Sum, value, ArrayRef<int64_t>{dim}, keepsDim)) : Term();
}

Term Term::any(int64_t dim) const {
  return value ? make(writer->create<ReduceOp>(ReductionKind::Max, value, ArrayRef<int64_t>{dim}, false)) : Term();
}

} // namespace dlc::onnx_import
