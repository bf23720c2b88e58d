// SPDX-License-Identifier: Apache-2.0
/// \file
/// Kernels: groups of graph ops that are computed together, in a graph and as symbols of a program.
#ifndef DLC_IR_OPSKERNEL_H
#define DLC_IR_OPSKERNEL_H

#include "ir/DlcDialect.h"

#define GET_OP_CLASSES
#include "ir/OpsKernel.h.inc"

#endif // DLC_IR_OPSKERNEL_H
