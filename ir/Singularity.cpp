// SPDX-License-Identifier: Apache-2.0
#include "ir/Singularity.h"
#include "ir/ConstantData.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsConstant.h"
#include "ir/OpsElementwise.h"
#include "ir/OpsGeneration.h"
#include "ir/OpsReduction.h"
#include <cmath>

using namespace mlir;

namespace dlc {

bool isFiniteConstant(Value value) {
  std::optional<double> number = getUniformConstant(value);
  return number && std::isfinite(*number);
}

bool mayBeSingularDivisor(Value value) {
  std::optional<double> number = getUniformConstant(value);
  return number ? *number == 0 || !std::isfinite(*number) : value.getDefiningOp<ExtentOp>() == nullptr;
}

bool isPolynomialExponent(Value exponent) {
  std::optional<double> number = getUniformConstant(exponent);
  return number && *number >= 0 && std::floor(*number) == *number;
}

bool DivOp::isSingular() { return mayBeSingularDivisor(getRhs()); }
bool ModOp::isSingular() { return mayBeSingularDivisor(getRhs()); }
bool PowOp::isSingular() { return !isPolynomialExponent(getRhs()); }
bool ReduceOp::isSingular() { return getKind() == ReductionKind::LogSum; }
bool ConstantOp::isSingular() {
  std::optional<double> number = getUniformConstant(getResult());
  return number && !std::isfinite(*number);
}

} // namespace dlc
