// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is known once a library and its weights are loaded, before any run.
#ifndef DLC_IR_LOADTIMECONSTANTS_H
#define DLC_IR_LOADTIMECONSTANTS_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"

namespace dlc {

/// What a value depends on.
enum class LoadTimeSource {
  Run,       ///< on an input, a state, or in models that are trained on a parameter, which is an argument of every run
  Constants, ///< on constants only, if on anything
  Weights    ///< on parameters, and perhaps on constants
};

/// What `value` depends on.
LoadTimeSource findLoadTimeSource(mlir::Value value);

/// Whether `value` depends on parameters and constants only, and on at least one parameter: work on weights, which
/// `--dlc-weight-only-code-motion` moves out of runs.
inline bool dependsOnWeightsOnly(mlir::Value value) { return findLoadTimeSource(value) == LoadTimeSource::Weights; }

/// Whether `value` is the same in every run: worth any layout, because it is computed once.
inline bool isLoadTimeConstant(mlir::Value value) { return findLoadTimeSource(value) != LoadTimeSource::Run; }

/// The same for all values of a block and of the loops in it, for passes that ask about many: each of the functions
/// above looks at all that its value depends on.
class LoadTimeValues {
public:
  explicit LoadTimeValues(mlir::Block &block);

  bool dependsOnWeightsOnly(mlir::Value value) const { return sources.lookup(value) == LoadTimeSource::Weights; }
  bool isLoadTimeConstant(mlir::Value value) const { return sources.lookup(value) != LoadTimeSource::Run; }

private:
  llvm::DenseMap<mlir::Value, LoadTimeSource> sources;
};

} // namespace dlc

#endif // DLC_IR_LOADTIMECONSTANTS_H
