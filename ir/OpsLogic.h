// SPDX-License-Identifier: Apache-2.0
/// \file
/// Predicates, logic, and what chooses between elements by them.
#ifndef DLC_IR_OPSLOGIC_H
#define DLC_IR_OPSLOGIC_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsLogic.h.inc"

#endif // DLC_IR_OPSLOGIC_H
