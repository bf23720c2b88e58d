// SPDX-License-Identifier: Apache-2.0
/// \file
/// Activation functions.
#ifndef DLC_IR_OPSACTIVATION_H
#define DLC_IR_OPSACTIVATION_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsActivation.h.inc"

#endif // DLC_IR_OPSACTIVATION_H
