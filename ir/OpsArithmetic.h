// SPDX-License-Identifier: Apache-2.0
/// \file
/// Arithmetic of two operands.
#ifndef DLC_IR_OPSARITHMETIC_H
#define DLC_IR_OPSARITHMETIC_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsArithmetic.h.inc"

#endif // DLC_IR_OPSARITHMETIC_H
