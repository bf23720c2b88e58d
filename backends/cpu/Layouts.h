// SPDX-License-Identifier: Apache-2.0
/// \file
/// The layouts of tensors on CPUs.
#ifndef DLC_BACKENDS_CPU_LAYOUTS_H
#define DLC_BACKENDS_CPU_LAYOUTS_H

#include "mlir/IR/MLIRContext.h"

namespace dlc {

/// Attaches LayoutOpInterface to the ops whose kernels want layouts of their own.
void attachCpuLayouts(mlir::MLIRContext *context);

} // namespace dlc

#endif // DLC_BACKENDS_CPU_LAYOUTS_H
