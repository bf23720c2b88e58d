// SPDX-License-Identifier: Apache-2.0
/// \file
/// What generated code is given for a run.
#ifndef DLC_CORE_CALLFRAME_H
#define DLC_CORE_CALLFRAME_H

#include "Context.h"

/// A call frame without tensors and symbols.
dlc_call dlcContextCall(Context *context);

#endif // DLC_CORE_CALLFRAME_H
