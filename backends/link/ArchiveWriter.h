// SPDX-License-Identifier: Apache-2.0
/// \file
/// Static libraries.
#ifndef DLC_BACKENDS_LINK_ARCHIVEWRITER_H
#define DLC_BACKENDS_LINK_ARCHIVEWRITER_H

#include "mlir/IR/Location.h"

namespace dlc {

/// Writes a static library with the one object file `objectPath` under the name `memberName`.
mlir::LogicalResult writeArchive(mlir::Location location, llvm::StringRef objectPath, llvm::StringRef memberName,
                                 llvm::StringRef path);

} // namespace dlc

#endif // DLC_BACKENDS_LINK_ARCHIVEWRITER_H
