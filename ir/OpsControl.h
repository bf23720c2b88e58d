// SPDX-License-Identifier: Apache-2.0
/// \file
/// Control flow between graph ops.
#ifndef DLC_IR_OPSCONTROL_H
#define DLC_IR_OPSCONTROL_H

#include "ir/Annotations.h"
#include "ir/DlcDialect.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

namespace dlc {
template <typename Op> class RunsFunctions : public mlir::OpTrait::TraitBase<Op, RunsFunctions> {};
} // namespace dlc

#define GET_OP_CLASSES
#include "ir/OpsControl.h.inc"

namespace dlc {

/// The blocks that hold graph ops of `function`: those of its loops and branches, inner ones first, and its own.
llvm::SmallVector<mlir::Block *> getGraphBlocks(mlir::func::FuncOp function);

/// The outermost loop or `dlc.if` around `op`; null if it is in none.
mlir::Operation *getOutermostControlFlow(mlir::Operation *op);

} // namespace dlc

#endif // DLC_IR_OPSCONTROL_H
