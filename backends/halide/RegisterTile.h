// SPDX-License-Identifier: Apache-2.0
/// \file
/// The schedule that convolutions and contractions share: sums of products kept in registers.
#ifndef DLC_BACKENDS_HALIDE_REGISTERTILE_H
#define DLC_BACKENDS_HALIDE_REGISTERTILE_H

#include "backends/halide/TensorFunc.h"
#include "mlir/Support/LogicalResult.h"

namespace dlc::halide {

class KernelBuilder;

/// Names of the tiles of a schedule, by the argument of the result that they cut.
constexpr llvm::StringLiteral columnsTile = "columns"; ///< argument 0, innermost: what vectors run along
constexpr llvm::StringLiteral rowsTile = "rows";       ///< argument 1
/// The kernel holds versions for tiles of this many rows up to `rows`, and takes the one that wastes least.
constexpr llvm::StringLiteral leastRowsTile = "least_rows";
constexpr llvm::StringLiteral planesTile = "planes"; ///< argument 2
/// How many loops over tiles of the other arguments are inside the loop over blocks of columns; -1: all.
constexpr llvm::StringLiteral columnsLoopTile = "columns_loop";
/// 1: the loops over the kernel's taps are unrolled, so that neighbouring results share what they load. 2: those over
/// the innermost dimension's taps are.
constexpr llvm::StringLiteral unrollTapsTile = "unroll_taps";
/// Units of a recurrent cell; `rows` counts the batch.
constexpr llvm::StringLiteral unitsTile = "units";

/// 1: the stage "panel" of the anchor op copies the right operand's columns of a block.
constexpr llvm::StringLiteral stageColumnsTile = "stage_columns";

/// Arranges `sum`, a function of the result's arguments that one update makes up, in tiles of `columns` x `rows` x
/// `planes` accumulators. The loops of the reduction keep their order (the first of the domain is the innermost).
///
/// Every element of a result is summed by one accumulator, from the first to the last term, so neither tiles nor ranges
/// nor the instruction set's number of registers change the order.
mlir::LogicalResult scheduleRegisterTile(KernelBuilder &builder, Halide::Func sum);

/// The element of the anchor op's weight `w` at the logical `index`, in a form of which Halide sees that vectors of the
/// schedule's tile of columns are contiguous.
Halide::Expr readWeight(KernelBuilder &builder, const TensorFunc &w, llvm::ArrayRef<Halide::Expr> index);

/// The number of rows from `least` to `most`, not above `extent`, whose tiles cover `extent` rows of `vectors` vectors
/// at the least cost: 0 if there are fewer than `least`.
Halide::Expr chooseRows(const Halide::Expr &extent, int least, int most, int vectors);

/// Cuts `whole`, the innermost argument of `out`, of `extent` elements (none: known at run time), into blocks of `size`
/// columns in vectors of `lanes`, which are unrolled; returns the loops of a block, the innermost first.
std::vector<Halide::VarOrRVar> splitColumns(Halide::Func out, const Halide::Var &whole, const Halide::Var &outer,
                                            const Halide::Var &inner, int size, int lanes,
                                            std::optional<int64_t> extent);

/// One element after the other, each in one register: for element types and layouts without a faster template.
void schedulePlainSum(KernelBuilder &builder, Halide::Func sum);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_REGISTERTILE_H
