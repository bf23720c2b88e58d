// SPDX-License-Identifier: Apache-2.0
/// \file
/// How the range of a launch is spread over threads.
#ifndef DLC_CORE_PARALLEL_H
#define DLC_CORE_PARALLEL_H

#include "Base.h"

/// dlc_call.parallel_for. Every thread owns a contiguous share, the same one
/// for the same extent, so that successive layers find their rows in the cache
/// of the core that wrote them; who is done takes from the others' shares.
/// Tasks must not call it again.
dlc_int32 dlcParallelFor(const dlc_call *call, dlc_task task, const void *arguments, dlc_int64 extent, dlc_int64 grain);

#endif // DLC_CORE_PARALLEL_H
