// SPDX-License-Identifier: Apache-2.0
/// \file
/// The layouts that matrix products want, decided before kernels are formed.
#ifndef DLC_BACKENDS_CPU_PLANCONTRACTION_H
#define DLC_BACKENDS_CPU_PLANCONTRACTION_H

#include "analysis/LayoutInterface.h"
#include "ir/OpsLinear.h"
#include "targets/Machine.h"

namespace dlc {

/// How many neighbouring terms of a sum of `depth` products by `op`, of its first two operands, are stored together in
/// a packed weight, because one instruction multiplies and adds them up: 4 of u8 and i8, 2 of other integers that fit
/// 16 bits; 1 of all others.
int64_t getTermsTogether(mlir::Operation *op, int64_t depth);

/// Whether `op`, a product of integers by a constant, is faster as one of u8 and i8 than as one of i16, on a machine of
/// the target's `machines`: where an instruction adds up four such products.
bool multipliesBytes(mlir::Operation *op, llvm::ArrayRef<const Machine *> machines);

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
