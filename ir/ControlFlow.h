// SPDX-License-Identifier: Apache-2.0
/// \file
/// The structure of functions whose ops hold others: loops and branches.
#ifndef DLC_IR_CONTROLFLOW_H
#define DLC_IR_CONTROLFLOW_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

/// Of an op whose loop body or branches are functions of their own.
template <typename Op> class RunsFunctions : public mlir::OpTrait::TraitBase<Op, RunsFunctions> {};

/// The blocks that hold graph ops of `function`: those of its loops and branches, inner ones first, and its own.
llvm::SmallVector<mlir::Block *> getGraphBlocks(mlir::func::FuncOp function);

/// The outermost loop or `dlc.if` around `op`; null if it is in none.
mlir::Operation *getOutermostControlFlow(mlir::Operation *op);

} // namespace dlc

#endif // DLC_IR_CONTROLFLOW_H
