// SPDX-License-Identifier: Apache-2.0
/// \file
/// The schedule of loops without reductions, which other kernel kinds use for their epilogues.
#ifndef DLC_BACKENDS_HALIDE_ELEMENTWISE_H
#define DLC_BACKENDS_HALIDE_ELEMENTWISE_H

#include "Halide.h"

namespace dlc::halide {

class KernelBuilder;

/// Vectorizes the innermost dimension of `func`, which has the result's arguments.
void scheduleRows(KernelBuilder &builder, Halide::Func func);

} // namespace dlc::halide

#endif // DLC_BACKENDS_HALIDE_ELEMENTWISE_H
