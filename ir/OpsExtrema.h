// SPDX-License-Identifier: Apache-2.0
/// \file
/// Elementwise limits: the larger, the smaller, and both with constants.
#ifndef DLC_IR_OPSEXTREMA_H
#define DLC_IR_OPSEXTREMA_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsExtrema.h.inc"

#endif // DLC_IR_OPSEXTREMA_H
