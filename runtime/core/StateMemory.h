// SPDX-License-Identifier: Apache-2.0
/// \file
/// The blocks of memory that hold states.
#ifndef DLC_CORE_STATEMEMORY_H
#define DLC_CORE_STATEMEMORY_H

#include "Context.h"

void dlcStateDestroy(Context *context);

/// Forgets all state and the blocks of memory that hold it, without giving them back.
void dlcStateForget(Context *context);

/// Bytes of all states' blocks.
dlc_uint64 dlcStateBytes(const Context *context);

#endif // DLC_CORE_STATEMEMORY_H
