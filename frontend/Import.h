// SPDX-License-Identifier: Apache-2.0
/// \file
/// What every importer takes and gives, and what importers share.
#ifndef DLC_FRONTEND_IMPORT_H
#define DLC_FRONTEND_IMPORT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Support/LLVM.h"
#include <memory>
#include <string>

namespace dlc {
class CustomOps;

/// Extents that replace those which the model file gives one of its inputs.
struct ShapeOverride {
  std::string input;
  llvm::SmallVector<int64_t> extents;

  /// Reads `NAME=1x3x224x224`; `NAME=` is a scalar. On failure, `error` says what is wrong.
  static mlir::FailureOr<ShapeOverride> parse(llvm::StringRef text, std::string &error);
};

struct ImportOptions {
  llvm::SmallVector<ShapeOverride> shapes;
  /// Add the entry points that train the model; its description says how.
  bool isTrained = false;
  /// Path of a file that says how, for a model whose description does not; empty: none.
  std::string training;
  /// Weights may get other values after the import: nothing is computed of those that the file gives.
  bool replacesWeights = false;
  /// Symbolic extents that are taken to be 1.
  llvm::SmallVector<std::string> extentsOfOne;
  /// Ops that C functions compute, beside those that the model describes itself; null: none.
  std::shared_ptr<const CustomOps> customOps;
};

/// A model as a module of graph ops. Errors of an importer are diagnostics: the file is a FileLineColLoc, whose line is
/// 0 where the problem concerns the file as a whole (print `FILE: error: ...`). Large weights belong to the
/// ConstantTable.
using ImportedModel = mlir::OwningOpRef<mlir::ModuleOp>;

} // namespace dlc

#endif // DLC_FRONTEND_IMPORT_H
