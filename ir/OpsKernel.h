// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels in a graph: groups of ops that are computed together.
#ifndef DLC_IR_OPSKERNEL_H
#define DLC_IR_OPSKERNEL_H

#include "ir/KernelInterface.h"

#define GET_OP_CLASSES
#include "ir/OpsKernel.h.inc"

#endif // DLC_IR_OPSKERNEL_H
