// SPDX-License-Identifier: Apache-2.0
/// \file
/// Static libraries.
#ifndef DLC_BACKENDS_LINK_ARCHIVEWRITER_H
#define DLC_BACKENDS_LINK_ARCHIVEWRITER_H

#include "mlir/IR/Location.h"

namespace dlc {

/// An object file of a static library.
struct ArchiveMember {
  std::string name;
  std::string bytes;
};

/// Writes a static library with `members`.
mlir::LogicalResult writeArchive(mlir::Location location, llvm::ArrayRef<ArchiveMember> members, llvm::StringRef path);

/// Writes a static library with the one object file `objectPath` under the name `memberName`.
mlir::LogicalResult writeArchive(mlir::Location location, llvm::StringRef objectPath, llvm::StringRef memberName,
                                 llvm::StringRef path);

} // namespace dlc

#endif // DLC_BACKENDS_LINK_ARCHIVEWRITER_H
