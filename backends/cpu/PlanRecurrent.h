// SPDX-License-Identifier: Apache-2.0
/// \file
/// The layout of the packed matrices of a recurrent cell's gates, decided when its kernel is formed.
#ifndef DLC_BACKENDS_CPU_PLANRECURRENT_H
#define DLC_BACKENDS_CPU_PLANRECURRENT_H

#include "ir/DlcDialect.h"

namespace dlc {

/// Layout of the weights `[G, K, H]` of `gates` gates of `units` units: `[H/VL][K][G][VL]`. What one step of the sum
/// needs for a block of VL units is contiguous, for all instruction sets: VL is a multiple of 16.
LayoutAttr planRecurrentWeight(mlir::MLIRContext *context, int64_t gates, int64_t units);

} // namespace dlc

#endif // DLC_BACKENDS_CPU_PLANRECURRENT_H
