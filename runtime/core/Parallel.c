// SPDX-License-Identifier: Apache-2.0
#include "Parallel.h"

#include "Context.h"
#include "FloatMode.h"
#include "Recorder.h"
#include "Scratch.h"

typedef struct Job {
  dlc_task task;
  const void *arguments;
  dlc_int64 extent, grain;
  Share *shares;
  struct dlc_scratch *scratches;
  dlc_uint32 count;
  dlc_int64 smallestPiece; // in grains
  _Alignas(DLC_CACHE_LINE) dlc_int32 status;
} Job;

/// Takes about half of what is left of a share: few calls while nobody is
/// late, and a small rest to fight over when somebody is.
static int takePiece(const Job *job, Share *share, dlc_int64 *begin, dlc_int64 *end) {
  dlc_int64 next = __atomic_load_n(&share->next, __ATOMIC_RELAXED);
  while (next < share->end) {
    dlc_int64 piece = (share->end - next + 1) / 2;
    if (piece < job->smallestPiece)
      piece = job->smallestPiece;
    if (piece > share->end - next)
      piece = share->end - next;
    if (__atomic_compare_exchange_n(&share->next, &next, next + piece, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      *begin = next * job->grain;
      *end = next + piece == job->extent / job->grain + (job->extent % job->grain != 0) ? job->extent
                                                                                        : (next + piece) * job->grain;
      return 1;
    }
  }
  return 0;
}

/// Notes what the job fails with. A failure counts more than a cancellation, which another thread may see first.
static void failJob(Job *job, dlc_int32 status) {
  dlc_int32 seen = DLC_OK;
  while ((seen == DLC_OK || seen == DLC_ERROR_CANCELLED) &&
         !__atomic_compare_exchange_n(&job->status, &seen, status, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

/// Works through the own share, then helps.
static void workOnShares(Job *job, dlc_uint32 index) {
  for (dlc_uint32 i = 0; i < job->count; ++i) {
    Share *share = &job->shares[(index + i) % job->count];
    dlc_int64 begin, end;
    while (takePiece(job, share, &begin, &end)) {
      if (__atomic_load_n(&job->status, __ATOMIC_RELAXED))
        return;
      dlc_int32 status = job->task(job->arguments, begin, end, &job->scratches[index]);
      if (status) {
        failJob(job, status);
        return;
      }
    }
  }
}

/// The body that an executor calls.
static void work(void *argument, dlc_uint32 index) {
  Job *job = argument;
  dlc_uint32 flushesDenormals = job->scratches->context->flushesDenormals;
  dlcFloatMode before = dlcEnterFloatMode(flushesDenormals);
  workOnShares(job, index);
  dlcLeaveFloatMode(before, flushesDenormals);
}

dlc_int32 dlcParallelFor(const dlc_call *call, dlc_task task, const void *arguments, dlc_int64 extent,
                         dlc_int64 grain) {
  Team *team = ((const Context *)call->executor)->team;
  if (extent <= 0)
    return DLC_OK;
  dlc_int64 grains = extent / grain + (extent % grain != 0);
  dlc_uint32 count = grains < team->threads ? (dlc_uint32)grains : team->threads;
  if (count <= 1)
    return task(arguments, 0, extent, team->scratches);

  Job job = {.task = task,
             .arguments = arguments,
             .extent = extent,
             .grain = grain,
             .shares = team->shares,
             .scratches = team->scratches,
             .count = count,
             .smallestPiece = grains / count / 4 > 1 ? grains / count / 4 : 1};
  dlc_int64 begin = 0;
  for (dlc_uint32 i = 0; i < count; ++i) {
    dlc_int64 size = grains / count + ((dlc_int64)i < grains % count);
    team->shares[i].next = begin;
    team->shares[i].end = begin += size;
  }
  dlc_recorder *recorder = dlcScratchRecorder(team->scratches);
  if (__builtin_expect(recorder != (dlc_recorder *)0, 0))
    dlcRecordStart(recorder, DLC_EVENT_PARALLEL);
  team->isParallel = 1;
  team->executor->run(team->executor->self, count, work, &job);
  // An executor may have made no call at all; otherwise nothing is left to take.
  work(&job, 0);
  team->isParallel = 0;
  if (__builtin_expect(recorder != (dlc_recorder *)0, 0))
    dlcRecordStop(recorder, DLC_EVENT_PARALLEL, 0, count);
  return job.status;
}
