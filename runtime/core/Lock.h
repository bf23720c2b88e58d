// SPDX-License-Identifier: Apache-2.0
/// \file
/// Locks, and how a forked child tells that it is one.
///
/// fork copies the memory of a process and one of its threads. What the other
/// threads held stays held in the copy, and nobody is left to release it. So
/// whatever a thread can hold here (a lock, a context, the workers of a pool)
/// names the process that holds it by its generation, and holds nothing in any
/// other process. What is held at the fork may be half changed: each user of
/// dlcLock orders its stores so that this does no harm, or recreates the data
/// (Pool.c, ContextEntry.c, Model.c).
///
/// No handler of pthread_atfork is needed, which would have to wait for locks
/// that are held for long, and would stay registered when the library is
/// unloaded.
#ifndef DLC_CORE_LOCK_H
#define DLC_CORE_LOCK_H

#include "Base.h"

/// The generation of this process, 1 at least: the same at every call, and
/// another one in each forked child and its children. Below 2^31.
dlc_uint32 dlcGeneration(void);

/// Takes a lock of one word, zero when free.
void dlcLock(dlc_uint32 *lock);
void dlcUnlock(dlc_uint32 *lock);

#endif // DLC_CORE_LOCK_H
