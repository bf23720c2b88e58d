// SPDX-License-Identifier: Apache-2.0
/// \file
/// Tensors that are computed from numbers and shapes, not from elements.
#ifndef DLC_IR_OPSGENERATION_H
#define DLC_IR_OPSGENERATION_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsGeneration.h.inc"

#endif // DLC_IR_OPSGENERATION_H
