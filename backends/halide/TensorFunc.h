// SPDX-License-Identifier: Apache-2.0
/// \file
/// A tensor of a kernel's body as a Halide function.
#ifndef DLC_BACKENDS_HALIDE_TENSORFUNC_H
#define DLC_BACKENDS_HALIDE_TENSORFUNC_H

#include "Halide.h"
#include "ir/Layout.h"

namespace dlc::halide {

using Exprs = llvm::SmallVector<Halide::Expr, 5>;

/// A tensor as a function of its index. The function's arguments are the physical dimensions of the type's layout,
/// innermost first; its value has the value type of the elements (see ElementTypes.h).
struct TensorFunc {
  Halide::Func func;
  mlir::RankedTensorType type;
  Exprs extents; ///< of the logical dimensions

  /// The element at `index`, one expression per logical dimension. Positions in the halo are below 0 or at the extent
  /// and beyond. Not for Winograd layouts: those have no element at an index.
  Halide::Expr at(llvm::ArrayRef<Halide::Expr> index) const;

  /// The element that is, after broadcasting to the result's shape, at `index` of the result: leading dimensions
  /// that the tensor lacks are dropped, dimensions of extent 1 read their only element.
  Halide::Expr atBroadcast(llvm::ArrayRef<Halide::Expr> index) const;

  /// The extent of a dimension if it is static.
  std::optional<int64_t> staticExtent(int64_t dim) const;
};

/// Physical coordinates, innermost first, of the element at `index` in the layout of `type`.
Exprs toPhysical(mlir::RankedTensorType type, llvm::ArrayRef<Halide::Expr> index);

/// Logical coordinates of the element at the physical position `index` (innermost first).
Exprs toLogical(mlir::RankedTensorType type, llvm::ArrayRef<Halide::Expr> index);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_TENSORFUNC_H
