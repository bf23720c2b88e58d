// SPDX-License-Identifier: Apache-2.0
/// \file
/// The layouts that ops want their operands and results in, which depend on the target: a backend attaches
/// LayoutOpInterface to ops, and `--dlc-assign-layouts` asks it.
#ifndef DLC_ANALYSIS_LAYOUTINTERFACE_H
#define DLC_ANALYSIS_LAYOUTINTERFACE_H

#include "ir/DlcDialect.h"
#include "ir/LoadTimeConstants.h"
#include "ir/MathMode.h"
#include <string>

namespace dlc {

/// What is known of the graph when layouts are planned.
struct LayoutQuery {
  MathMode math;
  /// The extent of a dimension of a tensor; where a run decides it, what it is for inputs of a usual size; 0 if nothing
  /// is known.
  llvm::function_ref<int64_t(mlir::Value tensor, int64_t dim)> estimateExtent;
  const LoadTimeValues &known;
};

/// How an op reads an operand.
struct OperandLayout {
  LayoutAttr layout; ///< without halo; null: row-major
  /// The halo that it reads, per logical dimension; empty: none.
  llvm::SmallVector<int64_t> haloLow, haloHigh;
  bool isAny = false;            ///< it reads whatever layout the operand has
  bool isPackedOnce = false;     ///< an operand from outside the loop around the op is packed before that loop
  bool absorbsTranspose = false; ///< it reads the operand of a transpose that keeps the last dimension through strides
};

struct LayoutPlan {
  /// Of the first operands; the others are row-major.
  llvm::SmallVector<OperandLayout> operands;
  LayoutAttr result;                   ///< without halo, which its readers decide; null: row-major
  bool resultAbsorbsTranspose = false; ///< as of operands
  /// The algorithm that the layouts are for, which the kernel's schedules then have; empty: they decide.
  std::string algorithm;

  /// Row-major tensors but for transposes around the op, the `operands` first operands and the result.
  static LayoutPlan absorbTransposes(unsigned operands) {
    LayoutPlan plan;
    plan.operands.resize(operands);
    for (OperandLayout &operand : plan.operands)
      operand.absorbsTranspose = true;
    plan.resultAbsorbsTranspose = true;
    return plan;
  }
};

} // namespace dlc

#include "analysis/LayoutInterface.h.inc"

#endif // DLC_ANALYSIS_LAYOUTINTERFACE_H
