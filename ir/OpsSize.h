// SPDX-License-Identifier: Apache-2.0
/// \file
/// Sizes that a run computes: shapes as values, and ops whose results have such a shape.
#ifndef DLC_IR_OPSSIZE_H
#define DLC_IR_OPSSIZE_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsSize.h.inc"

#endif // DLC_IR_OPSSIZE_H
