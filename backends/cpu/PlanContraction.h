// SPDX-License-Identifier: Apache-2.0
/// \file
/// The layouts that matrix products want, decided before kernels are formed.
#ifndef DLC_BACKENDS_CPU_PLANCONTRACTION_H
#define DLC_BACKENDS_CPU_PLANCONTRACTION_H

#include "analysis/LayoutInterface.h"
#include "ir/OpsLinear.h"

namespace dlc {

/// How many neighbouring terms of a sum of `depth` products of these factors are stored together in a packed weight: 2
/// of integers that fit 16 bits, which one instruction multiplies and adds up; 1 of all others.
int64_t getTermsTogether(mlir::Value lhs, mlir::Value rhs, int64_t depth);

/// Whether `op` is rows times columns whose elements are adjacent, those of the transpose of a row-major matrix or a
/// single one; `lhs` and `rhs`: the types of its operands.
bool hasAdjacentColumns(MatMulOp op, mlir::RankedTensorType lhs, mlir::RankedTensorType rhs);

/// So few columns are dot products with adjacent elements, however many rows there are.
constexpr int64_t mostDotColumns = 4;

/// A right operand that is a matrix of known size is packed in blocks of columns, `[N/32][K][32]`, if that is done
/// once: it is a load-time constant, or all steps of a loop read it. All other operands are row-major, and so is one
/// whose few columns are read as dot products.
LayoutPlan planLayouts(MatMulOp op, const LayoutQuery &query);

} // namespace dlc

#endif // DLC_BACKENDS_CPU_PLANCONTRACTION_H
