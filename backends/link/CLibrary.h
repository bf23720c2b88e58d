// SPDX-License-Identifier: Apache-2.0
/// \file
/// The functions of the C library that a model library may need.
#ifndef DLC_BACKENDS_LINK_CLIBRARY_H
#define DLC_BACKENDS_LINK_CLIBRARY_H

#include "backends/Target.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include <optional>

namespace dlc {

/// Where the GNU C library defines a function.
struct CLibraryFunction {
  llvm::StringRef library; ///< "libc.so.6" or "libm.so.6"
  llvm::StringRef version; ///< "GLIBC_2.14": the symbol version of the target's architecture
};

/// Null if the C library does not define `name`, or if generated code must not use it.
std::optional<CLibraryFunction> findCLibraryFunction(llvm::StringRef name, const Target &target);

} // namespace dlc

#endif // DLC_BACKENDS_LINK_CLIBRARY_H
