// SPDX-License-Identifier: Apache-2.0
/// \file
/// Windows that slide over the spatial dimensions of [N, C, spatial...].
#ifndef DLC_IR_OPSPOOLING_H
#define DLC_IR_OPSPOOLING_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsPooling.h.inc"

#endif // DLC_IR_OPSPOOLING_H
