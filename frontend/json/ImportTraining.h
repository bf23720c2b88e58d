// SPDX-License-Identifier: Apache-2.0
/// \file
/// Files that say how a model is trained which does not say so itself (docs/training.md).
#ifndef DLC_FRONTEND_JSON_IMPORTTRAINING_H
#define DLC_FRONTEND_JSON_IMPORTTRAINING_H

#include "frontend/json/Reporter.h"
#include "mlir/IR/BuiltinOps.h"

namespace dlc {

namespace json {
/// Reads such a file, whose `training` keeps getTrainingRule. Nothing after errors, which `reporter` has reported.
std::optional<JsonValue> readTrainingFile(llvm::StringRef path, Reporter &reporter);
} // namespace json

/// Adds to `module`, an imported model with the entry point `predict`, the entry points that train it as the file at
/// `path` says. Every problem of the file is a diagnostic with line and column.
mlir::LogicalResult importTraining(llvm::StringRef path, mlir::ModuleOp module);

} // namespace dlc

#endif // DLC_FRONTEND_JSON_IMPORTTRAINING_H
