// SPDX-License-Identifier: Apache-2.0
/// \file
/// Extents as messages show them.
#ifndef DLC_IR_EXTENTDESCRIPTION_H
#define DLC_IR_EXTENTDESCRIPTION_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/ArrayRef.h"
#include <string>

namespace dlc {

/// `[N, 2 * T + 1, 8]`: expressions over symbols that `names` calls by their positions; `?` for one whose symbols have
/// no name.
std::string describeExtents(llvm::ArrayRef<mlir::AffineExpr> extents, llvm::ArrayRef<std::string> names);

} // namespace dlc

#endif // DLC_IR_EXTENTDESCRIPTION_H
