// SPDX-License-Identifier: Apache-2.0
#include "Cancel.h"

#include "ContextEntry.h"
#include "Lock.h"
#include "Recorder.h"
#include "Scratch.h"

/// How many threads are cancelling runs at the moment, below the generation of the process that they are threads of:
/// a forked child must not wait for those of its parent.
static dlc_uint64 cancellers;

/// Counts the calling thread; returns what stopCancelling takes.
static dlc_uint32 startCancelling(void) {
  dlc_uint32 generation = dlcGeneration();
  dlc_uint64 seen = __atomic_load_n(&cancellers, __ATOMIC_RELAXED), next;
  do
    next = (seen >> 32 == generation ? seen : (dlc_uint64)generation << 32) + 1;
  while (!__atomic_compare_exchange_n(&cancellers, &seen, next, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
  return generation;
}

static void stopCancelling(dlc_uint32 generation) {
  // A signal handler may have forked in between: the child has not counted this thread.
  if (generation == dlcGeneration())
    __atomic_fetch_sub(&cancellers, 1, __ATOMIC_RELEASE);
}

dlc_int32 dlcContextCancel(dlc_context *face, dlc_int32 isCancelled) {
  Context *context = (Context *)face;
  if (!isCancelled) {
    dlc_int32 status = dlcContextEnter(context);
    if (status)
      return status;
    __atomic_store_n(&context->isCancelled, 0, __ATOMIC_RELAXED);
    dlcSetRecorded(context->team, context->team->isRecorded);
    dlcContextLeave(context);
    return DLC_OK;
  }
  if (!context)
    return DLC_ERROR_ARGUMENT;
  // The order of these three against the "new team, then wait for cancellers" of dlcContextSetThreads keeps the team.
  dlc_uint32 generation = startCancelling();
  __atomic_store_n(&context->isCancelled, 1, __ATOMIC_SEQ_CST);
  Team *team = __atomic_load_n(&context->team, __ATOMIC_SEQ_CST);
  for (dlc_uint32 i = 0; i < team->threads; ++i)
    __atomic_store_n(&team->scratches[i].recorder, DLC_CANCELLED, __ATOMIC_RELAXED);
  stopCancelling(generation);
  return DLC_OK;
}

void dlcCancelSettle(void) {
  dlc_uint32 generation = dlcGeneration();
  for (;;) {
    dlc_uint64 seen = __atomic_load_n(&cancellers, __ATOMIC_SEQ_CST);
    if (seen >> 32 != generation || (dlc_uint32)seen == 0)
      return;
    dlcRelax();
  }
}

void dlcCommitRun(const dlc_call *call) { ((Context *)call->executor)->isCommitted = 1; }
