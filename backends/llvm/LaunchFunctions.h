// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which launches share a function.
#ifndef DLC_BACKENDS_LLVM_LAUNCHFUNCTIONS_H
#define DLC_BACKENDS_LLVM_LAUNCHFUNCTIONS_H

#include "backends/llvm/LaunchFunction.h"

namespace dlc {

/// The functions behind the launches of one module. Profiles show launches by the names of their layers; where there
/// are more than anybody reads, functions that are the same but for their names would be most of the program.
class LaunchFunctions {
public:
  explicit LaunchFunctions(mlir::ModuleOp module);

  /// Whether the function behind `launch` is that of other launches of its kernel, too.
  bool isShared(LaunchOp launch) const { return launchCounts.lookup(launch.getKernel()) > mostOwn; }

  /// The function behind `launch`, a launch of `kernel`.
  mlir::func::FuncOp get(LaunchOp launch, KernelInterface &kernel);

  /// The function that launches of `kernel` share; with `isNumbered`, the one of launches that pass numbers of their
  /// own.
  mlir::func::FuncOp getShared(KernelInterface &kernel, bool isNumbered);

private:
  mlir::ModuleOp module;
  unsigned mostOwn;                       ///< a kernel with more launches than this has one function for all
  llvm::StringMap<unsigned> launchCounts; ///< by kernel
  llvm::StringMap<mlir::func::FuncOp> sharedFunctions;
  llvm::StringSet<> usedNames;
};

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_LAUNCHFUNCTIONS_H
