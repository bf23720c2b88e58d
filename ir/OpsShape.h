// SPDX-License-Identifier: Apache-2.0
/// \file
/// The same elements in another shape, and broadcasts.
#ifndef DLC_IR_OPSSHAPE_H
#define DLC_IR_OPSSHAPE_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsShape.h.inc"

#endif // DLC_IR_OPSSHAPE_H
