// SPDX-License-Identifier: Apache-2.0
/// \file
/// Extents inside a kernel, as expressions of the kernel's own symbols.
#ifndef DLC_IR_KERNELSHAPES_H
#define DLC_IR_KERNELSHAPES_H

#include "ir/DlcDialect.h"

namespace dlc {

/// The extents of every tensor in the body of a `dlc.kernel` or `dlc.kernel_func`. `AffineSymbolExpr` i is the kernel's
/// symbol i (its attribute `symbols`).
class KernelShapes {
public:
  /// `kernel` is a `dlc.kernel` or a `dlc.kernel_func`. Fails with a diagnostic if an input has dynamic extents that
  /// `input_dims` does not give, or if an op's extents cannot be inferred.
  static mlir::FailureOr<KernelShapes> analyze(mlir::Operation *kernel);

  /// Extents of `value`, a tensor of the body.
  llvm::ArrayRef<mlir::AffineExpr> getDims(mlir::Value value) const;

private:
  llvm::DenseMap<mlir::Value, Dims> dims;
};

} // namespace dlc

#endif // DLC_IR_KERNELSHAPES_H
