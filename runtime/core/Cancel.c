// SPDX-License-Identifier: Apache-2.0
#include "Cancel.h"

#include "ContextEntry.h"
#include "Recorder.h"
#include "Scratch.h"

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
  __atomic_fetch_add(dlcCancellers(), 1, __ATOMIC_SEQ_CST);
  __atomic_store_n(&context->isCancelled, 1, __ATOMIC_SEQ_CST);
  Team *team = __atomic_load_n(&context->team, __ATOMIC_SEQ_CST);
  for (dlc_uint32 i = 0; i < team->threads; ++i)
    __atomic_store_n(&team->scratches[i].recorder, DLC_CANCELLED, __ATOMIC_RELAXED);
  __atomic_fetch_sub(dlcCancellers(), 1, __ATOMIC_RELEASE);
  return DLC_OK;
}

void dlcCancelSettle(void) {
  while (__atomic_load_n(dlcCancellers(), __ATOMIC_SEQ_CST))
    dlcRelax();
}

void dlcCommitRun(const dlc_call *call) { ((Context *)call->executor)->isCommitted = 1; }
