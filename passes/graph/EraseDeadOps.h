// SPDX-License-Identifier: Apache-2.0
/// \file
/// Dead ops of a block, for passes that change what its end returns.
#ifndef DLC_PASSES_GRAPH_ERASEDEADOPS_H
#define DLC_PASSES_GRAPH_ERASEDEADOPS_H

#include "mlir/IR/Block.h"

namespace dlc {

/// Erases what nobody reads in `block` and in its loops, from the end to the beginning.
void eraseDeadOps(mlir::Block &block);

} // namespace dlc

#endif // DLC_PASSES_GRAPH_ERASEDEADOPS_H
