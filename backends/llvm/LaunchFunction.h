// SPDX-License-Identifier: Apache-2.0
/// \file
/// The function behind a launch: it describes the buffers to the kernel and calls it.
#ifndef DLC_BACKENDS_LLVM_LAUNCHFUNCTION_H
#define DLC_BACKENDS_LLVM_LAUNCHFUNCTION_H

#include "backends/llvm/Passes.h"
#include "ir/KernelShapes.h"
#include "ir/OpsProgram.h"
#include "llvm/ADT/StringSet.h"

namespace dlc {

/// What all launches of one kernel share.
struct KernelInterface {
  KernelFuncOp kernel;
  KernelShapes shapes;
  int64_t splitDim = -1;        ///< logical dimension of the result of which ranges may be computed; -1: only the whole
  int64_t grain = 1;            ///< ranges start at multiples of it
  bool isOnDevice = false;      ///< buffers have addresses of a GPU
  int64_t alternatingPart = 0;  ///< > 0: a range is computed in parts of so many, alternately from either end
  mlir::AffineExpr nanoseconds; ///< estimate for the whole, over the kernel's symbols

  /// Fails with a diagnostic if shapes cannot be inferred or do not fit Halide's 32-bit indices.
  static mlir::FailureOr<KernelInterface> analyze(KernelFuncOp kernel);

  mlir::RankedTensorType getResultType();
  /// Extents of the result over the kernel's symbols.
  llvm::ArrayRef<mlir::AffineExpr> getResultDims();

  size_t getNumSymbols();
  /// Inputs and outputs.
  size_t getNumBuffers();
  /// Whether `launch` passes as many inputs, outputs and symbols as the kernel takes.
  bool fits(LaunchOp launch);
  /// Whether a launch that is estimated to take `time` nanoseconds may pay to be split into ranges.
  bool mayBeSplit(mlir::AffineExpr time) const;
  /// What a launch with this number in `dlc_program.launches` tells the runtime's recorder.
  uint64_t getSite(int64_t number);
  /// The position of the argument that says so where launches with different numbers share a function.
  size_t getSitePosition();

  /// What `splitDim` is for a kernel with these schedules.
  static int64_t getSplitDim(KernelFuncOp kernel);
};

/// What the function behind a launch passes to the runtime's recorder.
enum class LaunchSite : uint8_t {
  None,    ///< nothing: its launches are not recorded
  Known,   ///< a number
  Argument ///< the value of its last argument
};

/// The name in the program of the code of kernel `name`: the dot keeps it apart from all C functions.
std::string getKernelSymbol(llvm::StringRef name);

/// Adds, at the end of `module`,
/// `int32_t NAME.launch(const int64_t *arguments, int64_t begin, int64_t end, void *scratch)` for a launch called
/// `name`. `arguments` holds the addresses of the inputs and of the outputs, then the symbols. A second launch of the
/// same name gets a number. Where the kernel's schedules say `alternating_units`, one more argument after the symbols
/// counts the launches before: every second one computes its parts from the last to the first, so that it begins with
/// what the one before has left in the first-level cache. `site` is for `LaunchSite::Known`.
mlir::func::FuncOp createLaunchFunction(mlir::ModuleOp module, KernelInterface &kernel, llvm::StringRef name,
                                        llvm::StringSet<> &usedNames, mlir::Location location, LaunchSite siteKind,
                                        uint64_t site = 0);

} // namespace dlc

#endif // DLC_BACKENDS_LLVM_LAUNCHFUNCTION_H
