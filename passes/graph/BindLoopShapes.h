// SPDX-License-Identifier: Apache-2.0
/// \file
/// Extents of the arguments of loops' bodies.
#ifndef DLC_PASSES_GRAPH_BINDLOOPSHAPES_H
#define DLC_PASSES_GRAPH_BINDLOOPSHAPES_H

#include "mlir/IR/BuiltinOps.h"

namespace dlc {

/// Writes the extents of their arguments to the bodies of all loops of `module`, from its public functions inwards.
/// Fails with a diagnostic if extents cannot be inferred or a body belongs to two loops.
mlir::LogicalResult bindLoopShapes(mlir::ModuleOp module);

} // namespace dlc

#endif // DLC_PASSES_GRAPH_BINDLOOPSHAPES_H
