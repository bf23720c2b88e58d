// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ops that take or replace a part of a tensor.
#ifndef DLC_IR_OPSSLICING_H
#define DLC_IR_OPSSLICING_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsSlicing.h.inc"

#endif // DLC_IR_OPSSLICING_H
