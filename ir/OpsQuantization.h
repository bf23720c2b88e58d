// SPDX-License-Identifier: Apache-2.0
/// \file
/// Numbers as quantized elements, and back.
#ifndef DLC_IR_OPSQUANTIZATION_H
#define DLC_IR_OPSQUANTIZATION_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsQuantization.h.inc"

namespace dlc {

/// Whether `type` is integers of up to 16 bits or floating point of up to 8.
bool isQuantized(mlir::Type type);

} // namespace dlc

#endif // DLC_IR_OPSQUANTIZATION_H
