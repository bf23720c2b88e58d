// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ops that join, pad, repeat and resample tensors.
#ifndef DLC_IR_OPSMOVEMENT_H
#define DLC_IR_OPSMOVEMENT_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsMovement.h.inc"

#endif // DLC_IR_OPSMOVEMENT_H
