// SPDX-License-Identifier: Apache-2.0
/// \file
/// Elementary functions of one or two operands.
#ifndef DLC_IR_OPSELEMENTWISE_H
#define DLC_IR_OPSELEMENTWISE_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsElementwise.h.inc"

#endif // DLC_IR_OPSELEMENTWISE_H
