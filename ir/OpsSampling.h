// SPDX-License-Identifier: Apache-2.0
/// \file
/// Parts of images at positions that tensors give.
#ifndef DLC_IR_OPSSAMPLING_H
#define DLC_IR_OPSSAMPLING_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsSampling.h.inc"

#endif // DLC_IR_OPSSAMPLING_H
