// SPDX-License-Identifier: Apache-2.0
/// \file
/// The program level: launches of kernels on byte buffers, and the blocks of memory that they use.
#ifndef DLC_IR_OPSPROGRAM_H
#define DLC_IR_OPSPROGRAM_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsProgram.h.inc"

#endif // DLC_IR_OPSPROGRAM_H
