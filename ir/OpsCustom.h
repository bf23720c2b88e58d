// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ops that a user's C functions compute.
#ifndef DLC_IR_OPSCUSTOM_H
#define DLC_IR_OPSCUSTOM_H

#include "ir/DlcDialect.h"

namespace dlc {
/// The element type of result `number` of the `dlc.custom` that gives `first`; `first`'s if there is none.
mlir::Type getFurtherType(mlir::Value first, uint64_t number);
} // namespace dlc

#define GET_OP_CLASSES
#include "ir/OpsCustom.h.inc"

namespace dlc {

/// The results of the function behind `op`, in order: its own and those of its `dlc.custom_result`s, null where it has
/// none.
llvm::SmallVector<mlir::Value> getFunctionResults(CustomOp op);

/// Whether `op` is a kernel that calls a user's function, which may fail.
bool callsFunction(mlir::Operation *op);

} // namespace dlc

#endif // DLC_IR_OPSCUSTOM_H
