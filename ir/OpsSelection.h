// SPDX-License-Identifier: Apache-2.0
/// \file
/// Selecting elements: the largest ones.
#ifndef DLC_IR_OPSSELECTION_H
#define DLC_IR_OPSSELECTION_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsSelection.h.inc"

#endif // DLC_IR_OPSSELECTION_H
