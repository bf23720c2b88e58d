// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a model consists of, layer by layer, as its file has it.
#ifndef DLC_TOOLS_DRIVER_LAYERTABLE_H
#define DLC_TOOLS_DRIVER_LAYERTABLE_H

#include "mlir/IR/BuiltinOps.h"

namespace dlc {

/// The layers of the entry point `run`, `predict` or the first one of an imported module, as dlc_model.layers of the
/// ABI has them. Empty if the extents of the graph are not known.
std::string listLayers(mlir::ModuleOp module);

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_LAYERTABLE_H
