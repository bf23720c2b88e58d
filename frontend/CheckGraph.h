// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a graph that is given as IR must satisfy beyond being valid IR.
#ifndef DLC_FRONTEND_CHECKGRAPH_H
#define DLC_FRONTEND_CHECKGRAPH_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

namespace dlc {

/// Whether `module` is a graph as importers make them: functions of one block each that take and give tensors of known
/// rank, and whose inputs, and outputs, have different names. Everything that is not is reported.
mlir::LogicalResult checkGraph(mlir::ModuleOp module);

} // namespace dlc

#endif // DLC_FRONTEND_CHECKGRAPH_H
