// SPDX-License-Identifier: Apache-2.0
/// \file
/// Named tensors of a module, which a model learns or is given.
#ifndef DLC_IR_OPSPARAMETER_H
#define DLC_IR_OPSPARAMETER_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsParameter.h.inc"

#endif // DLC_IR_OPSPARAMETER_H
