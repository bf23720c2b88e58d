// SPDX-License-Identifier: Apache-2.0
/// \file
/// Linking, in this process and without the target's toolchain or system files.
#ifndef DLC_BACKENDS_LINK_SHAREDLIBRARY_H
#define DLC_BACKENDS_LINK_SHAREDLIBRARY_H

#include "backends/Target.h"
#include "mlir/IR/Location.h"

namespace dlc {

/// Links `objects` to a shared library whose only dependencies are the C library and its mathematical part, where used.
/// `linked` are files of the user's that they need. `soname` is its name without folder. An undefined symbol that the
/// two libraries lack is an error, which names it, at `location`, unless `mayLack` symbols, which the program then has.
/// Nothing of the files is visible but `exported`.
mlir::LogicalResult linkSharedLibrary(mlir::Location location, llvm::ArrayRef<std::string> objects,
                                      llvm::ArrayRef<std::string> linked, const Target &target, llvm::StringRef soname,
                                      llvm::StringRef exported, llvm::StringRef path, bool mayLack);

/// Links `objects`, and what they need of `linked`, to one relocatable object, of whose symbols only `exported` is
/// visible.
mlir::LogicalResult linkRelocatable(mlir::Location location, llvm::ArrayRef<std::string> objects,
                                    llvm::ArrayRef<std::string> linked, const Target &target, llvm::StringRef exported,
                                    llvm::StringRef path);

} // namespace dlc

#endif // DLC_BACKENDS_LINK_SHAREDLIBRARY_H
