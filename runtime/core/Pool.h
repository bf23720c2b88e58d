// SPDX-License-Identifier: Apache-2.0
/// \file
/// Threads that wait for work. Handing work over costs less than a microsecond
/// while the workers still look out for it (50 microseconds by default); then
/// they sleep in the kernel, and waking one costs about 8 microseconds, during
/// which the calling thread already works.
///
/// One caller uses the workers at a time; what others bring meanwhile, or what
/// a task itself brings, runs on the thread that brings it. After fork the
/// child's pool starts workers of its own, as many as the parent's had, in the
/// first run or when it grows.
#ifndef DLC_CORE_POOL_H
#define DLC_CORE_POOL_H

#include "Base.h"

typedef struct Pool Pool;

/// A pool with no workers yet and one reference. Returns null without memory.
Pool *dlcPoolCreate(const dlc_allocator *allocator, dlc_uint32 spinMicroseconds);

/// Starts workers until `threads`, the caller's included, can work at once.
/// Starts fewer if the system cannot; returns how many there are.
dlc_uint32 dlcPoolGrow(Pool *pool, dlc_uint32 threads);

void dlcPoolRetain(Pool *pool);

/// Stops and joins the workers with the last reference.
void dlcPoolRelease(Pool *pool);

/// The public face of a pool.
dlc_pool *dlcPoolPublic(Pool *pool);

/// How many CPUs this process may use, 1 at least.
dlc_uint32 dlcCpuCount(void);

dlc_int32 dlcPoolApiCreate(const dlc_pool_options *options, dlc_error *error, dlc_pool **pool);
void dlcPoolApiRetain(dlc_pool *pool);
void dlcPoolApiRelease(dlc_pool *pool);

#endif // DLC_CORE_POOL_H
