// SPDX-License-Identifier: Apache-2.0
/// \file
/// Memory whose size a run learns while it goes on.
#ifndef DLC_CORE_SEGMENT_H
#define DLC_CORE_SEGMENT_H

#include "Context.h"

/// Block `number` of the context, at least `bytes` long; null, with a message, without memory. Its content does not
/// survive when it grows.
void *dlcGrowSegment(Context *context, dlc_uint32 number, dlc_uint64 bytes);

/// The runtime's dlc_reserve.
void *dlcReserveSegment(const dlc_call *call, dlc_uint32 number, dlc_uint64 bytes);

#endif // DLC_CORE_SEGMENT_H
