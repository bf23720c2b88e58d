// SPDX-License-Identifier: Apache-2.0
/// \file
/// The equations of recurrent cells, written out as matrix products, slices and elementwise ops.
#ifndef DLC_PASSES_FUSION_GATEEQUATIONS_H
#define DLC_PASSES_FUSION_GATEEQUATIONS_H

#include "ir/DlcDialect.h"
#include "ir/OpsLinear.h"
#include "llvm/ADT/SetVector.h"
#include <optional>
#include <vector>

namespace dlc {

/// A matrix that is known when a library is loaded (a constant, or work on weights), perhaps stored transposed.
struct KnownMatrix {
  mlir::Value value;
  bool isTransposed = false;

  /// The right operand of `product` as [K, N], through a transpose of it; none if it is not known or not f32.
  static std::optional<KnownMatrix> getRight(MatMulOp product);
};

/// What one kernel computes of a cell's step: products of one `state` [B, K] with known matrices, and the
/// elementwise ops that make values [B, H] of them and of other values.
struct GateProducts {
  mlir::Value state;
  llvm::SmallVector<MatMulOp> products;
  llvm::SetVector<mlir::Operation *> equations; ///< elementwise ops, and slices along the last dimension
  llvm::SmallVector<mlir::Value> results;       ///< of `equations` (or the product itself), used elsewhere

  /// Gates of the products together, of `units` columns each.
  int64_t countGates(int64_t units) const;
};

/// The equations of one step of one cell, found in a loop's body or in a function that does a single step.
struct GateEquations {
  enum class Kind {
    Elman, ///< the product goes through an activation
    Lstm,  ///< a second state is read and written
    Gru,   ///< the new state is mixed with the old one
  };

  Kind kind = Kind::Elman;
  int64_t units = 0;
  /// One kernel each. A GRU whose reset gate acts before the product has two: the second multiplies what the first
  /// gives.
  llvm::SmallVector<GateProducts, 2> stages;

  /// All cells of `block`, a function's or a loop's: for each of its arguments that is a state (a result of the same
  /// type depends on it), what is computed from products of it. Cells that one kernel per stage cannot compute are left
  /// out.
  static std::vector<GateEquations> findAll(mlir::Block &block);
};

/// `matmul(concat(a, b), W)` with a known W and a or b an argument of `block` becomes `matmul(a, Wa) + matmul(b, Wb)`,
/// so that what depends on the state is separate from what does not.
void splitConcatenatedStates(mlir::Block &block);

} // namespace dlc

#endif // DLC_PASSES_FUSION_GATEEQUATIONS_H
