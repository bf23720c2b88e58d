// SPDX-License-Identifier: Apache-2.0
/// \file
/// The layouts that matrix products want, decided before kernels are formed.
#ifndef DLC_PASSES_SCHEDULE_PLANCONTRACTION_H
#define DLC_PASSES_SCHEDULE_PLANCONTRACTION_H

#include "ir/DlcDialect.h"
#include "ir/LoadTimeConstants.h"
#include "ir/OpsLinear.h"

namespace dlc {
class MatMulOp;

/// Layout in which the right operand of `op`, a matrix, is read fastest: columns in blocks, `[N/32][K][32]`. Null if it
/// is not a matrix of known size.
LayoutAttr planMatrixLayout(MatMulOp op);

/// The same, for what is known at load only: others would have to be packed in every run. Null: row-major.
LayoutAttr planMatMulWeight(MatMulOp op, const LoadTimeValues &known);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_PLANCONTRACTION_H
