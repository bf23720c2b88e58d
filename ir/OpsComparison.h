// SPDX-License-Identifier: Apache-2.0
/// \file
/// Comparisons of elements.
#ifndef DLC_IR_OPSCOMPARISON_H
#define DLC_IR_OPSCOMPARISON_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsComparison.h.inc"

#endif // DLC_IR_OPSCOMPARISON_H
