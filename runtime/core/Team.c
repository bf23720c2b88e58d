// SPDX-License-Identifier: Apache-2.0
#include "Team.h"

#include "ContextMessage.h"
#include "Lock.h"
#include "Pool.h"
#include "Scratch.h"

/// The library's own pool, while a context uses it.
static Pool *sharedPool;
static dlc_uint32 sharedPoolUsers;
static dlc_uint32 sharedPoolLock;

static Pool *acquireSharedPool(Context *context, dlc_uint32 threads) {
  dlcLock(&sharedPoolLock);
  if (!sharedPool)
    sharedPool = dlcPoolCreate(&context->allocator, 50);
  Pool *pool = sharedPool;
  if (pool) {
    ++sharedPoolUsers;
    dlc_uint32 started = dlcPoolGrow(pool, threads);
    if (started < threads)
      dlcContextLog(context, DLC_LOG_WARNING, "the system gave %u threads instead of %u", (dlc_uint64)started,
                    (dlc_uint64)threads);
  }
  dlcUnlock(&sharedPoolLock);
  return pool;
}

static void releaseSharedPool(void) {
  dlcLock(&sharedPoolLock);
  Pool *unused = --sharedPoolUsers ? (Pool *)0 : sharedPool;
  if (unused)
    sharedPool = (Pool *)0;
  dlcUnlock(&sharedPoolLock);
  if (unused)
    dlcPoolRelease(unused);
}

void dlcTeamDrop(Context *context, Team *team) {
  if (!team)
    return;
  for (dlc_uint32 i = 0; i < team->threads; ++i)
    dlcScratchDestroy(&team->scratches[i]);
  int usesPool = team->ownPool != (Pool *)0;
  dlcRelease(&context->allocator, team, team->bytes);
  if (usesPool)
    releaseSharedPool();
}

Team *dlcTeamMake(Context *context, dlc_uint32 threads, const dlc_executor *executor) {
  // Multiples of a cache line all three.
  dlc_uint64 head = (sizeof(Team) + DLC_CACHE_LINE - 1) / DLC_CACHE_LINE * DLC_CACHE_LINE;
  dlc_uint64 bytes = head + threads * (sizeof(struct dlc_scratch) + sizeof(Share));
  Team *team = dlcAllocate(&context->allocator, bytes);
  if (!team)
    return (Team *)0;
  memset(team, 0, bytes);
  team->bytes = bytes;
  team->threads = threads;
  team->scratches = (struct dlc_scratch *)((dlc_byte *)team + head);
  team->shares = (Share *)(team->scratches + threads);
  int outOfMemory = 0;
  for (dlc_uint32 i = 0; i < threads; ++i) {
    team->scratches[i].context = context;
    outOfMemory |= dlcScratchGrow(&team->scratches[i], context->program->scratch_bytes);
  }
  if (!outOfMemory && threads > 1) {
    team->executor = executor;
    if (!executor) {
      team->ownPool = acquireSharedPool(context, threads);
      outOfMemory = !team->ownPool;
      if (!outOfMemory)
        team->executor = &dlcPoolPublic(team->ownPool)->executor;
    }
  }
  if (!outOfMemory)
    return team;
  dlcTeamDrop(context, team);
  return (Team *)0;
}
