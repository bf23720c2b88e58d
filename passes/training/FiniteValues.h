// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which tensors are finite, so that a zero gradient times a local derivative is zero without further ado.
#ifndef DLC_PASSES_TRAINING_FINITEVALUES_H
#define DLC_PASSES_TRAINING_FINITEVALUES_H

#include "ir/DlcDialect.h"
#include "llvm/ADT/DenseSet.h"

namespace dlc {

/// An analysis of one block: a value is finite if no op behind it makes infinity or NaN of finite operands, other than
/// by exceeding the range of a type that the derivative does not exceed.
class FiniteValues {
public:
  /// Looks at the ops of `block` before `end` (null: all).
  void analyze(mlir::Block &block, mlir::Operation *end);
  bool contains(mlir::Value value) const { return !unbounded.contains(value); }

private:
  llvm::DenseSet<mlir::Value> unbounded;
};

} // namespace dlc

#endif // DLC_PASSES_TRAINING_FINITEVALUES_H
