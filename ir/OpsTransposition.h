// SPDX-License-Identifier: Apache-2.0
/// \file
/// Permutations of dimensions.
#ifndef DLC_IR_OPSTRANSPOSITION_H
#define DLC_IR_OPSTRANSPOSITION_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsTransposition.h.inc"

#endif // DLC_IR_OPSTRANSPOSITION_H
