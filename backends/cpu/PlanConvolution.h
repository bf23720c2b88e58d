// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which algorithm a convolution uses and the layouts it wants, decided before kernels are formed.
#ifndef DLC_BACKENDS_CPU_PLANCONVOLUTION_H
#define DLC_BACKENDS_CPU_PLANCONVOLUTION_H

#include "analysis/LayoutInterface.h"
#include "ir/OpsConvolution.h"

namespace dlc {

/// The plan for `op`, a convolution, whose operands are the input and the weight. All instruction sets share it. Its
/// algorithm is "direct", "depthwise", "winograd", ..., that of the kernel's schedules.
LayoutPlan planLayouts(ConvOp op, const LayoutQuery &query);
LayoutPlan planLayouts(ConvTransposeOp op, const LayoutQuery &query);
/// The same for a weight's gradient, whose operands are the input and the gradient of the result.
LayoutPlan planLayouts(ConvWeightGradientOp op, const LayoutQuery &query);

} // namespace dlc

#endif // DLC_BACKENDS_CPU_PLANCONVOLUTION_H
