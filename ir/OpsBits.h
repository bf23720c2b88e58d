// SPDX-License-Identifier: Apache-2.0
/// \file
/// Elements as bits.
#ifndef DLC_IR_OPSBITS_H
#define DLC_IR_OPSBITS_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsBits.h.inc"

#endif // DLC_IR_OPSBITS_H
