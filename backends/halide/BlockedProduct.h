// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sums of products whose terms are many: a block of them at a time.
#ifndef DLC_BACKENDS_HALIDE_BLOCKEDPRODUCT_H
#define DLC_BACKENDS_HALIDE_BLOCKEDPRODUCT_H

#include "backends/halide/KernelBuilder.h"

namespace dlc {
class MatMulOp;
} // namespace dlc

namespace dlc::halide {

/// Names of the tiles of `#dlc.schedule<algorithm = "blocked">` beside columns and rows: the terms of a block.
constexpr llvm::StringLiteral depthTile = "depth";

/// A matrix times another whose extents the tiles divide, as the kernel's only result, with its schedule.
mlir::FailureOr<TensorFunc> emitBlockedProduct(MatMulOp op, KernelBuilder &builder);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_BLOCKEDPRODUCT_H
