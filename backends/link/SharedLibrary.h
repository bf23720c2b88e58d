// SPDX-License-Identifier: Apache-2.0
/// \file
/// Linking, in this process and without the target's toolchain or system files.
#ifndef DLC_BACKENDS_LINK_SHAREDLIBRARY_H
#define DLC_BACKENDS_LINK_SHAREDLIBRARY_H

#include "backends/Target.h"
#include "mlir/IR/Location.h"

namespace dlc {

/// Links `objects` to a shared library whose only dependencies are the C library and its mathematical part, where used.
/// `soname` is its name without folder. An undefined symbol that those two lack is an internal error, which names it,
/// at `location`.
mlir::LogicalResult linkSharedLibrary(mlir::Location location, llvm::ArrayRef<std::string> objects,
                                      const Target &target, llvm::StringRef soname, llvm::StringRef path);

/// Links `objects` to one relocatable object.
mlir::LogicalResult linkRelocatable(mlir::Location location, llvm::ArrayRef<std::string> objects, const Target &target,
                                    llvm::StringRef path);

} // namespace dlc

#endif // DLC_BACKENDS_LINK_SHAREDLIBRARY_H
