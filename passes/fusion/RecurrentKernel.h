// SPDX-License-Identifier: Apache-2.0
/// \file
/// The kernels of recurrent cells.
#ifndef DLC_PASSES_FUSION_RECURRENTKERNEL_H
#define DLC_PASSES_FUSION_RECURRENTKERNEL_H

#include "passes/fusion/GateEquations.h"

namespace dlc {

/// Replaces the equations of `cell` by one kernel per stage, whose anchor op is the product of the state with the
/// packed matrices of all gates: `[B, K] x [G, K, H] -> [G, B, H]`. Products of another value that only the equations
/// read, one per gate, become one product.
void formRecurrentKernels(const GateEquations &cell);

/// What the passes for the cells do: splits concatenated states if `mayReorderSums`, and forms the kernels of all cells
/// of `kind`.
void fuseGates(mlir::func::FuncOp function, GateEquations::Kind kind, bool mayReorderSums);

} // namespace dlc

#endif // DLC_PASSES_FUSION_RECURRENTKERNEL_H
