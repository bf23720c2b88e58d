// SPDX-License-Identifier: Apache-2.0
/// \file
/// A module as textual IR, from which a compilation can continue.
#ifndef DLC_TOOLS_DRIVER_MODULETEXT_H
#define DLC_TOOLS_DRIVER_MODULETEXT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "passes/Pipelines.h"
#include "tools/driver/TextLocations.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>
#include <string>

namespace dlc {

/// How far a module has come, as attributes of the module tell it; a graph as importers make it has none of them.
struct CompilationState {
  std::string phase = "import";         ///< the last one that is done (`dlc.phase`)
  std::string target;                   ///< the target of layouts and schedules (`dlc.target`); empty: nothing yet
  std::optional<int> optimizationLevel; ///< of the phases that are done (`dlc.optimization`); nothing after 'import'
  std::optional<MathMode> math;         ///< the same (`dlc.math`)
  bool replaceableWeights = false;      ///< `dlc.replaceable_weights`
  /// What the library says for people (`dlc.layers`, `dlc.learned_data`), as dlc_model has it; empty: nothing. The
  /// layers are those of the graph after 'import', where the graph itself tells them.
  std::string layers, dataDescription;
};

/// Prints `module` with what `state` says: complete, or for people. Then the bytes of large constants and the
/// locations, from which kernels get the names of layers, are left out, and a last line says so.
void printModule(llvm::raw_ostream &stream, mlir::ModuleOp module, const CompilationState &state, bool isComplete);

/// Reads what printModule has written, or a graph that a person has, from the file at `path`. `state` gets how far it
/// has come. The operations have locations in the text until `locations` restores those in the model. Null if there was
/// a problem, constants without their bytes above all; it has been reported.
mlir::OwningOpRef<mlir::ModuleOp> parseModule(llvm::StringRef path, mlir::MLIRContext *context, CompilationState &state,
                                              TextLocations &locations);

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_MODULETEXT_H
