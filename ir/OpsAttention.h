// SPDX-License-Identifier: Apache-2.0
/// \file
/// Attention.
#ifndef DLC_IR_OPSATTENTION_H
#define DLC_IR_OPSATTENTION_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsAttention.h.inc"

#endif // DLC_IR_OPSATTENTION_H
