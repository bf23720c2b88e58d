// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which algorithm a convolution uses and the layouts it wants, decided before kernels are formed.
#ifndef DLC_PASSES_SCHEDULE_PLANCONVOLUTION_H
#define DLC_PASSES_SCHEDULE_PLANCONVOLUTION_H

#include "ir/DlcDialect.h"
#include "ir/OpsConvolution.h"
#include "passes/PipelineOptions.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc {
class ConvOp;
class ConvTransposeOp;
class ConvWeightGradientOp;

struct ConvolutionPlan {
  /// "direct", "depthwise", "winograd", ...: the algorithm of the kernel's schedules.
  std::string algorithm;
  /// Layout of x, without halo (null: row-major); and the halo it needs, per logical dimension.
  LayoutAttr input;
  llvm::SmallVector<int64_t> haloLow, haloHigh;
  /// Layout of w; null: row-major. And its halo, which only a gradient used as the weight has.
  LayoutAttr weight;
  llvm::SmallVector<int64_t> weightHaloHigh;
  /// Layout of the result, without halo (its consumers decide about that).
  LayoutAttr result;
};

/// The extent of a dimension of a tensor; where a run decides it, what it is for inputs of a usual size; 0 if nothing
/// is known.
using ExtentEstimate = llvm::function_ref<int64_t(mlir::Value tensor, int64_t dim)>;

/// The plan for `op` (a convolution that no kernel holds yet). All instruction sets share it.
ConvolutionPlan planConvolution(ConvOp op, const PipelineOptions &options, ExtentEstimate estimate);
ConvolutionPlan planConvolution(ConvTransposeOp op, const PipelineOptions &options, ExtentEstimate estimate);

/// The same for a weight's gradient, whose second operand has the layout `plan.weight` and whose result is row-major.
ConvolutionPlan planConvolution(ConvWeightGradientOp op, const PipelineOptions &options);

} // namespace dlc

#endif // DLC_PASSES_SCHEDULE_PLANCONVOLUTION_H
