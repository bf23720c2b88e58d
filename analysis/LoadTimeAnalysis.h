// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is known of a function's values before any run, as MLIR's analysis manager keeps it.
#ifndef DLC_ANALYSIS_LOADTIMEANALYSIS_H
#define DLC_ANALYSIS_LOADTIMEANALYSIS_H

#include "ir/LoadTimeConstants.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace dlc {

struct LoadTimeAnalysis {
  explicit LoadTimeAnalysis(mlir::Operation *function)
      : values(llvm::cast<mlir::FunctionOpInterface>(function).getFunctionBody().front()) {}

  LoadTimeValues values;
};

} // namespace dlc

#endif // DLC_ANALYSIS_LOADTIMEANALYSIS_H
