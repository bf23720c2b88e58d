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
};

/// A model as a module of graph ops. Errors of an importer are diagnostics: the file is a FileLineColLoc, whose line is
/// 0 where the problem concerns the file as a whole (print `FILE: error: ...`).
struct ImportedModel {
  /// Owns the memory of the module's `dense_resource` weights; must outlive every use of the module.
  std::shared_ptr<const void> storage;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// A value for `dlc.parameter` or `dlc.constant`: row-major little-endian elements of `type` in `bytes` (i1: one byte
/// each). Small values are copied; larger ones become a `dense_resource` called after `name` that refers to `bytes`,
/// whose owner must outlive the module. `bytes` has exactly the size of `type`. In a file that is mapped it may stand
/// at any address: read elements with memcpy.
mlir::ElementsAttr borrowElements(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes, llvm::StringRef name);

} // namespace dlc

#endif // DLC_FRONTEND_IMPORT_H
