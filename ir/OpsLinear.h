// SPDX-License-Identifier: Apache-2.0
/// \file
/// Products of matrices and tensors.
#ifndef DLC_IR_OPSLINEAR_H
#define DLC_IR_OPSLINEAR_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsLinear.h.inc"

#endif // DLC_IR_OPSLINEAR_H
