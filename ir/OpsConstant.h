// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tensors known at compile time.
#ifndef DLC_IR_OPSCONSTANT_H
#define DLC_IR_OPSCONSTANT_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsConstant.h.inc"

#endif // DLC_IR_OPSCONSTANT_H
