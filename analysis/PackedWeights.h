// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the packed weights of a program take.
#ifndef DLC_ANALYSIS_PACKEDWEIGHTS_H
#define DLC_ANALYSIS_PACKEDWEIGHTS_H

#include "mlir/IR/Operation.h"

namespace dlc {

/// The bytes of the packed weights that the kernels of `function` read, each weight once.
int64_t countPackedBytes(mlir::Operation *function);

} // namespace dlc

#endif // DLC_ANALYSIS_PACKEDWEIGHTS_H
