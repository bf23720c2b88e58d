// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the options of a compilation come to.
#ifndef DLC_TOOLS_DRIVER_COMPILATIONSETTINGS_H
#define DLC_TOOLS_DRIVER_COMPILATIONSETTINGS_H

#include "backends/TargetList.h"
#include "backends/llvm/CustomFunctions.h"
#include "backends/llvm/ModelDescription.h"
#include "frontend/Import.h"
#include "mlir/IR/Location.h"
#include "targets/MachineRates.h"
#include "tools/driver/CompileOptions.h"
#include "tools/driver/ModuleText.h"

namespace dlc {

/// The options of each room.
struct CompilationSettings {
  Target target;
  std::optional<Target> deviceTarget; ///< of a second program in the library, for a GPU
  ModelIdentity identity;
  ImportOptions importOptions;
  PipelineOptions pipelineOptions;
  std::optional<MachineRates> rates; ///< of --machine
  llvm::SmallVector<CustomFunction> customFunctions;

  /// Reads `options`. Reports at `location` all that contradicts itself or that no file, phase or target can be.
  static mlir::FailureOr<CompilationSettings> read(const CompileOptions &options, mlir::Location location);

  /// Takes over what a module that has come as far as `state` was made for. Reports options that come too late for it.
  mlir::LogicalResult resume(const CompileOptions &options, const CompilationState &state, mlir::Location location);

  /// Compiles for `chosen`.
  void setTarget(Target chosen);

  /// Compiles for the machines that `model`, past the phase 'graph', prefers: which products it has is known.
  void refineTarget(mlir::Operation *model);
};

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_COMPILATIONSETTINGS_H
