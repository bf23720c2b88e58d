// SPDX-License-Identifier: Apache-2.0
/// \file
/// The program level: kernels as symbols, their launches on byte buffers, and the blocks of memory that they use.
#ifndef DLC_IR_OPSPROGRAM_H
#define DLC_IR_OPSPROGRAM_H

#include "ir/KernelInterface.h"

#define GET_OP_CLASSES
#include "ir/OpsProgram.h.inc"

#endif // DLC_IR_OPSPROGRAM_H
