// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is known once a library and its weights are loaded, before any run.
#ifndef DLC_IR_LOADTIMECONSTANTS_H
#define DLC_IR_LOADTIMECONSTANTS_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"

namespace dlc {

/// Whether `value` depends on parameters and constants only, and on at least one parameter: work on weights, which
/// `--dlc-weight-only-code-motion` moves out of runs. In models that are trained, whose parameters are arguments of
/// every run, no value does.
bool dependsOnWeightsOnly(mlir::Value value);

/// Whether `value` is a constant or depends on weights only: worth any layout, because it is computed once.
bool isLoadTimeConstant(mlir::Value value);

/// The same for all values of a block and of the loops in it, for passes that ask about many: each of the functions
/// above looks at all that its value depends on.
class LoadTimeValues {
public:
  explicit LoadTimeValues(mlir::Block &block);

  bool dependsOnWeightsOnly(mlir::Value value) const { return sources.lookup(value) == Source::Weights; }
  bool isLoadTimeConstant(mlir::Value value) const;

private:
  /// What a value depends on.
  enum class Source { Run, Constants, Weights };
  llvm::DenseMap<mlir::Value, Source> sources;
};

} // namespace dlc

#endif // DLC_IR_LOADTIMECONSTANTS_H
