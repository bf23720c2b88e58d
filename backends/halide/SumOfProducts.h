// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the emitters of convolutions and contractions share.
#ifndef DLC_BACKENDS_HALIDE_SUMOFPRODUCTS_H
#define DLC_BACKENDS_HALIDE_SUMOFPRODUCTS_H

#include "backends/halide/KernelBuilder.h"

namespace dlc::halide {

/// The stage that holds the sums of a convolution or contraction.
constexpr llvm::StringLiteral sumStage = "sum";

/// Defines the result of `op` as the sum of `term(index)` over a reduction domain that the term refers to; `index` is
/// the logical index of the result. f16 and bf16 are summed in f32 and rounded once.
TensorFunc defineSum(KernelBuilder &builder, mlir::Operation *op,
                     llvm::function_ref<Halide::Expr(llvm::ArrayRef<Halide::Expr> index)> term);

/// The element of an operand whose last two dimensions are a matrix, at `row` and `column` of the result's batch
/// `batch`.
Halide::Expr readMatrix(const TensorFunc &x, llvm::ArrayRef<Halide::Expr> batch, const Halide::Expr &row,
                        const Halide::Expr &column, bool isTransposed);

/// How many neighbouring terms the packed weight of the anchor op holds together, for one instruction; 1: each alone.
int getTermsTogether(KernelBuilder &builder);

/// A product as the op's element type defines it: integers wrap.
Halide::Expr multiply(Halide::Expr a, Halide::Expr b);
/// The same of factors that become `type` first: integers narrower than the result's.
Halide::Expr multiply(Halide::Expr a, Halide::Expr b, Halide::Type type);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_SUMOFPRODUCTS_H
