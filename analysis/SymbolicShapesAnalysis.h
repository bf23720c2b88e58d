// SPDX-License-Identifier: Apache-2.0
/// \file
/// The extents of a function's tensors as MLIR's analysis manager keeps them: passes that change no tensor preserve
/// them for the next one.
#ifndef DLC_ANALYSIS_SYMBOLICSHAPESANALYSIS_H
#define DLC_ANALYSIS_SYMBOLICSHAPESANALYSIS_H

#include "ir/SymbolicShapes.h"

namespace dlc {

struct SymbolicShapesAnalysis {
  explicit SymbolicShapesAnalysis(mlir::Operation *function)
      : shapes(SymbolicShapes::analyze(llvm::cast<mlir::FunctionOpInterface>(function))) {}

  mlir::FailureOr<SymbolicShapes> shapes; ///< failure: an error has been reported
};

} // namespace dlc

#endif // DLC_ANALYSIS_SYMBOLICSHAPESANALYSIS_H
