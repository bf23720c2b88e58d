// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reductions over selected dimensions.
#ifndef DLC_IR_OPSREDUCTION_H
#define DLC_IR_OPSREDUCTION_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsReduction.h.inc"

#endif // DLC_IR_OPSREDUCTION_H
