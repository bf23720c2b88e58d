// SPDX-License-Identifier: Apache-2.0
/// \file
/// A user's object files and archives, which have the functions of custom ops.
#ifndef DLC_BACKENDS_LINK_LINKEDFILES_H
#define DLC_BACKENDS_LINK_LINKEDFILES_H

#include "backends/Target.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"

namespace dlc {

/// The global symbols of files.
struct LinkedSymbols {
  llvm::StringSet<> defined, undefined;
};

/// Reads the symbols of the object file or static archive at `path`, made for `target`, into `symbols`. On failure
/// `error` names the file and says what it is instead.
mlir::LogicalResult readLinkedFile(llvm::StringRef path, const Target &target, LinkedSymbols &symbols,
                                   std::string &error);

/// Reports at `location` what is wrong with `files`, and each of the functions `symbols` that none of them defines.
mlir::LogicalResult checkLinkedFiles(mlir::Location location, llvm::ArrayRef<std::string> files,
                                     llvm::ArrayRef<std::string> symbols, const Target &target);

/// The object file `object` with another name for its symbol `from`.
llvm::Expected<std::string> renameSymbol(llvm::StringRef object, llvm::StringRef from, llvm::StringRef to);

/// Makes all symbols of the object file at `path` local but `exported` and those that it does not define.
mlir::LogicalResult hideSymbols(mlir::Location location, llvm::StringRef exported, llvm::StringRef path);

} // namespace dlc

#endif // DLC_BACKENDS_LINK_LINKEDFILES_H
