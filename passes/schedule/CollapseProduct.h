// SPDX-License-Identifier: Apache-2.0
/// \file
/// Matrix products over leading dimensions as products of two matrices.
#ifndef DLC_PASSES_SCHEDULE_COLLAPSEPRODUCT_H
#define DLC_PASSES_SCHEDULE_COLLAPSEPRODUCT_H

#include "ir/KernelShapes.h"
#include "ir/OpsKernel.h"

namespace dlc {
class KernelFuncOp;

/// If `kernel` multiplies `[..., M, K]` by one matrix `[K, N]`, makes all leading dimensions rows: `[... * M, K]`. The
/// kernel's other ops are elementwise, on tensors that have these rows or none. False if nothing was to be changed;
/// otherwise the kernel's schedules no longer fit.
bool collapseProduct(KernelFuncOp kernel, const KernelShapes &shapes);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_COLLAPSEPRODUCT_H
