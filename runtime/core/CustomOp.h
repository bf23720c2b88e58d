// SPDX-License-Identifier: Apache-2.0
/// \file
/// Calls of custom ops (dlc/custom_op.h) by kernels.
#ifndef DLC_CORE_CUSTOMOP_H
#define DLC_CORE_CUSTOMOP_H

#include "Base.h"
#include "dlc/custom_op.h"

struct dlc_scratch;

/// Calls `function` with `call`, of which the kernel has filled what describes
/// the node and its tensors. Returns 0, or DLC_ERROR_KERNEL after the context
/// has got a message.
dlc_int32 dlcRunCustomOp(struct dlc_scratch *scratch, dlc_op_function function, dlc_op_call *call);

#endif // DLC_CORE_CUSTOMOP_H
