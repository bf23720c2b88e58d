// SPDX-License-Identifier: Apache-2.0
/// \file
/// Extents as messages show them.
#ifndef DLC_IR_EXTENTDESCRIPTION_H
#define DLC_IR_EXTENTDESCRIPTION_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/ArrayRef.h"
#include <string>

namespace dlc {

/// `2 * T + 1`: an expression over symbols whose names are given by position in `names`; `?` if one has no name.
std::string describeExtent(mlir::AffineExpr extent, llvm::ArrayRef<std::string> names);

/// Several of them: `[N, 2 * T + 1, 8]`.
std::string describeExtents(llvm::ArrayRef<mlir::AffineExpr> extents, llvm::ArrayRef<std::string> names);

} // namespace dlc

#endif // DLC_IR_EXTENTDESCRIPTION_H
