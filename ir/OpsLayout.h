// SPDX-License-Identifier: Apache-2.0
/// \file
/// Conversions between layouts.
#ifndef DLC_IR_OPSLAYOUT_H
#define DLC_IR_OPSLAYOUT_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsLayout.h.inc"

#endif // DLC_IR_OPSLAYOUT_H
