// SPDX-License-Identifier: Apache-2.0
/// \file
/// Differentiation, and parameters that change.
#ifndef DLC_IR_OPSTRAINING_H
#define DLC_IR_OPSTRAINING_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsTraining.h.inc"

#endif // DLC_IR_OPSTRAINING_H
