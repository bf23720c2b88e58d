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
/// How many neighbouring terms of a sum of `depth` products of these factors are stored together in a packed weight: 2
/// of integers that fit 16 bits, which one instruction multiplies and adds up; 1 of all others.
int64_t getTermsTogether(mlir::Value lhs, mlir::Value rhs, int64_t depth);

LayoutAttr planMatrixLayout(MatMulOp op);

/// The same, for load-time constants only: others would have to be packed in every run. Null: row-major.
LayoutAttr planMatMulWeight(MatMulOp op, const LoadTimeValues &known);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_PLANCONTRACTION_H
