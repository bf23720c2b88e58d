// SPDX-License-Identifier: Apache-2.0
/// \file
/// Dead ops of a function, for passes that change what its end returns.
#ifndef DLC_PASSES_GRAPH_ERASEDEADOPS_H
#define DLC_PASSES_GRAPH_ERASEDEADOPS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

/// Erases what nobody reads, from the end to the beginning.
void eraseDeadOps(mlir::func::FuncOp function);

} // namespace dlc

#endif // DLC_PASSES_GRAPH_ERASEDEADOPS_H
