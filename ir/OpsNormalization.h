// SPDX-License-Identifier: Apache-2.0
/// \file
/// Normalizations, which one pass over the data computes better than their parts.
#ifndef DLC_IR_OPSNORMALIZATION_H
#define DLC_IR_OPSNORMALIZATION_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsNormalization.h.inc"

#endif // DLC_IR_OPSNORMALIZATION_H
