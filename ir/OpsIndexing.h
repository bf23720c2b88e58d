// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ops that find elements by indices that are data.
#ifndef DLC_IR_OPSINDEXING_H
#define DLC_IR_OPSINDEXING_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsIndexing.h.inc"

#endif // DLC_IR_OPSINDEXING_H
