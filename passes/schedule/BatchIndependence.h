// SPDX-License-Identifier: Apache-2.0
/// \file
/// Whether the steps of a loop keep the rows of a batch apart.
#ifndef DLC_PASSES_SCHEDULE_BATCHINDEPENDENCE_H
#define DLC_PASSES_SCHEDULE_BATCHINDEPENDENCE_H

#include "ir/DlcDialect.h"

namespace dlc {
class OutlinedLoopOp;

/// The number of rows (extent of dimension 0) of all that the steps of `loop` compute, if row i of it depends only on
/// row i of what steps have computed before and from what the loop is given: then ranges of rows may run all steps
/// apart from each other. Over the symbols of the loop's function; null if rows mix or the body holds more than
/// kernels.
mlir::AffineExpr findIndependentRows(OutlinedLoopOp loop, mlir::func::FuncOp body);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_BATCHINDEPENDENCE_H
