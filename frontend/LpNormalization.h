// SPDX-License-Identifier: Apache-2.0
/// \file
/// ONNX's LpNormalization, which nodes of both formats mean.
#ifndef DLC_FRONTEND_LPNORMALIZATION_H
#define DLC_FRONTEND_LPNORMALIZATION_H

#include "ir/DlcDialect.h"
#include "ir/OpsArithmetic.h"
#include "ir/OpsComparison.h"
#include "ir/OpsLogic.h"
#include "ir/OpsReduction.h"

namespace dlc {

/// `x` divided by its p-norm (p = 1 or 2) along `axis`; a row of zeros stays zero. `zero` is a scalar of x's element
/// type. `context` makes ops by `create<Op>(...)`, which gives null for null operands or after an error.
template <typename Context>
mlir::Value buildLpNormalization(Context &context, mlir::Value x, mlir::Value zero, int64_t axis, int64_t p) {
  mlir::Value norm = context.template create<ReduceOp>(p == 1 ? ReductionKind::L1 : ReductionKind::L2, x,
                                                       llvm::ArrayRef<int64_t>{axis}, /*keep_dims=*/true);
  if (!norm || !zero)
    return {};
  mlir::Value isZero = context.template create<EqualOp>(norm, zero);
  mlir::Value quotient = context.template create<DivOp>(x, norm);
  return isZero && quotient ? context.template create<WhereOp>(isZero, zero, quotient) : mlir::Value();
}

} // namespace dlc

#endif // DLC_FRONTEND_LPNORMALIZATION_H
