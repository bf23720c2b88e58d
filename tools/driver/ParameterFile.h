// SPDX-License-Identifier: Apache-2.0
/// \file
/// Values of parameters from a checkpoint, whatever format the model has.
#ifndef DLC_TOOLS_DRIVER_PARAMETERFILE_H
#define DLC_TOOLS_DRIVER_PARAMETERFILE_H

#include "mlir/IR/BuiltinOps.h"

namespace dlc {

/// Gives each weight and buffer of `module` the value of the tensor of its name in the safetensors file at `path`.
/// Other tensors, such as an optimizer's, are ignored. Reports everything that is missing or of another type or shape.
mlir::LogicalResult readParameters(mlir::ModuleOp module, llvm::StringRef path);

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_PARAMETERFILE_H
