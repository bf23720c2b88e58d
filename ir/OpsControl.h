// SPDX-License-Identifier: Apache-2.0
/// \file
/// Control flow between graph ops.
#ifndef DLC_IR_OPSCONTROL_H
#define DLC_IR_OPSCONTROL_H

#include "ir/Annotations.h"
#include "ir/ControlFlow.h"
#include "ir/DlcDialect.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

#define GET_OP_CLASSES
#include "ir/OpsControl.h.inc"

#endif // DLC_IR_OPSCONTROL_H
