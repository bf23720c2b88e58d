// SPDX-License-Identifier: Apache-2.0
#include "Recorder.h"

#include "Context.h"
#include "ContextEntry.h"
#include "ContextMessage.h"
#include "Scratch.h"

_Static_assert(offsetof(struct dlc_scratch, recorder) == 0, "generated code looks at the first word");
_Static_assert(sizeof(dlc_recorder) == DLC_CACHE_LINE, "each thread writes to its recorder");

/// Writes the words that all events have; returns where the `more` additional
/// ones belong, null without room.
static dlc_uint64 *writeEvent(dlc_recorder *recorder, dlc_uint64 start, dlc_uint64 stop, dlc_uint64 what,
                              dlc_uint64 size, dlc_uint64 more) {
  dlc_uint64 *event = recorder->next;
  if ((dlc_uint64)(recorder->end - event) < DLC_EVENT_WORDS + more) {
    ++recorder->lost;
    return (dlc_uint64 *)0;
  }
  recorder->next = event + DLC_EVENT_WORDS + more;
  event[0] = start;
  event[1] = stop;
  event[2] = what | more << 48;
  event[3] = size;
  return event + DLC_EVENT_WORDS;
}

dlc_int32 dlcRecordLaunch(const void *arguments, dlc_int64 begin, dlc_int64 end, struct dlc_scratch *scratch,
                          dlc_task launch, dlc_uint64 site) {
  dlc_recorder *recorder = dlcScratchRecorder(scratch);
  __atomic_store_n(&scratch->recorder, (dlc_recorder *)0, __ATOMIC_RELAXED);
  // A thread that is not recorded is here because of a cancellation, and again only if another one comes after this.
  if (!recorder)
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (dlcRunIsCancelled(scratch->context))
    return DLC_ERROR_CANCELLED;
  dlc_uint64 start = dlc_ticks();
  dlc_int32 status = launch(arguments, begin, end, scratch);
  if (!recorder)
    return status;
  dlc_uint64 stop = dlc_ticks();
  __atomic_store_n(&scratch->recorder, recorder, __ATOMIC_RELAXED);
  const dlc_uint64 *symbols = (const dlc_uint64 *)arguments + (dlc_uint16)(site >> DLC_SITE_SYMBOLS);
  dlc_uint64 count = site >> DLC_SITE_COUNT;
  dlc_uint64 *words = writeEvent(recorder, start, stop, (dlc_uint32)site | (dlc_uint64)DLC_EVENT_LAUNCH << 32,
                                 (dlc_uint64)(end - begin), count);
  if (words)
    for (dlc_uint64 i = 0; i < count; ++i)
      words[i] = symbols[i];
  return status;
}

void dlcRecordStart(dlc_recorder *recorder, dlc_uint32 kind) { recorder->started[kind] = dlc_ticks(); }

void dlcRecordStop(dlc_recorder *recorder, dlc_uint32 kind, dlc_uint32 number, dlc_uint64 size) {
  writeEvent(recorder, recorder->started[kind], dlc_ticks(), number | (dlc_uint64)kind << 32, size, 0);
}

void dlcSetRecorded(Team *team, dlc_uint32 isRecorded) {
  for (dlc_uint32 i = 0; i < team->threads; ++i)
    __atomic_store_n(&team->scratches[i].recorder, isRecorded ? &team->recorders[i] : (dlc_recorder *)0,
                     __ATOMIC_RELAXED);
  team->isRecorded = isRecorded;
  // Before the run asks whether it has been cancelled: these may have taken the place of DLC_CANCELLED.
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void dlcRecordRunStart(Team *team, dlc_uint32 number) {
  dlc_recorder *recorder = team->recorders;
  dlc_pace *pace = recorder->paces ? &recorder->paces[number] : (dlc_pace *)0;
  dlc_uint32 isRecorded = !pace || pace->skip == 0;
  if (isRecorded != team->isRecorded)
    dlcSetRecorded(team, isRecorded);
  if (!isRecorded) {
    --pace->skip;
    ++pace->skipped;
    return;
  }
  recorder->first = recorder->next;
  dlcRecordStart(recorder, DLC_EVENT_RUN);
}

/// Books a recorded run of `words` words and `ticks`. Runs are recorded in groups, as the first one after others that
/// were not waits for mispredicted branches.
static void keepPace(dlc_pace *pace, dlc_uint64 words, dlc_uint64 ticks) {
  enum { GROUP = 16 };
  dlc_int64 cost = (dlc_int64)(words * pace->cost), gain = ticks ? (dlc_int64)ticks : 1;
  if (gain < cost || pace->budget < pace->limit)
    pace->budget += gain - cost;
  if (gain > cost && pace->budget > pace->limit)
    pace->budget = pace->limit;
  if (pace->budget >= 0)
    return;
  // That many runs of this length pay for this one and for the next group.
  pace->skip = (dlc_uint64)((GROUP * cost - pace->budget) / gain);
  pace->budget += (dlc_int64)pace->skip * gain;
}

void dlcRecordRunStop(Team *team, dlc_uint32 number) {
  dlc_recorder *recorder = team->recorders;
  if (!team->isRecorded)
    return;
  dlcRecordStop(recorder, DLC_EVENT_RUN, number, 0);
  if (recorder->paces)
    keepPace(&recorder->paces[number], (dlc_uint64)(recorder->next - recorder->first),
             dlc_ticks() - recorder->started[DLC_EVENT_RUN]);
}

dlc_int32 dlcContextRecord(dlc_context *face, dlc_recorder *recorders, dlc_uint32 count, dlc_recording *recording) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  Team *team = context->team;
  if (recording) {
    recording->threads = team->threads;
    recording->nanoseconds = dlcNow();
    recording->ticks = dlc_ticks();
  }
  if (recorders && count != team->threads)
    status = dlcContextFail(context, DLC_ERROR_ARGUMENT, "%u recorders for the %u threads of the context",
                            (dlc_uint64)count, (dlc_uint64)team->threads);
  else {
    team->recorders = recorders;
    dlcSetRecorded(team, recorders != (dlc_recorder *)0);
  }
  dlcContextLeave(context);
  return status;
}
