// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where the time of runs goes, launch by launch. Every library can be
/// profiled; one that is not costs nothing. Not a part of dlc/runtime.h:
///
///   dlc_profile *profile;
///   if (dlc_profile_create(context, &error, &profile))
///     return fprintf(stderr, "%s\n", error.message), 1;
///   for (int i = 0; i < 100; ++i) {
///     dlc_run(context, ...);
///     if (dlc_profile_is_half_full(profile))
///       dlc_profile_read(profile);
///   }
///   dlc_profile_read(profile);
///   for (dlc_uint32 i = 0; i < profile->row_count; ++i)
///     if (profile->rows[i].calls > 0)
///       printf("%s: %g ns\n", profile->rows[i].launch->layer, profile->rows[i].nanoseconds);
///   dlc_profile_release(profile);
#ifndef DLC_PROFILE_H
#define DLC_PROFILE_H

#include "dlc/context.h"
#include "dlc/launches.h"

#ifdef __cplusplus
extern "C" {
#endif

/// What the runs of one entry point have spent in one launch.
typedef struct dlc_profile_row {
  const dlc_launch_info *launch;
  double calls; /* a part of a result counts as a part of a call */
  /// Of the time of the runs, the part that belongs to the launch: their sum
  /// over all launches is what runs have spent in launches.
  double nanoseconds;
  double busy_nanoseconds;    /* that threads have computed, added up */
  double waiting_nanoseconds; /* that threads of a shared launch have had nothing to do, added up */
  double operations, bytes;   /* of all calls, as the cost model counts them; NaN if nobody knows */
  double ticks[3];            /* the same three times in the CPU's ticks */
  double predicted;           /* nanoseconds that the cost model expects of all calls on one core; NaN if unknown */
} dlc_profile_row;

/// The recorded runs of one entry point. If runs are so short that recording all of them would take more than 1 % of
/// their time, groups of them are recorded, and others are only counted.
typedef struct dlc_profile_entry {
  dlc_uint64 runs;    /* recorded ones, to which all other numbers and the rows belong */
  dlc_uint64 skipped; /* runs that were not recorded */
  double nanoseconds; /* from call to return of dlc_run, which includes checks and what is between launches */
  double ticks;
} dlc_profile_entry;

/// What happened when, for those who draw it.
typedef struct dlc_profile_event {
  dlc_uint32 kind;              /* dlc_event_kind */
  dlc_uint32 thread;            /* 0 is the one that runs */
  double start, nanoseconds;    /* since the profile was created, and how long */
  const dlc_profile_row *row;   /* of a launch, else null */
  const dlc_entry_point *entry; /* of the run that it belongs to */
  double share;                 /* of a launch: the part of its result that this is */
} dlc_profile_event;

/// A profile of a context. Fields down to `visit_self` are public.
typedef struct dlc_profile {
  dlc_context *context;
  dlc_uint32 threads;
  dlc_uint32 launch_count;
  /// One per entry point and launch: those of entry point e of the model begin at rows[e * launch_count].
  dlc_profile_row *rows;
  dlc_uint32 row_count;
  dlc_profile_entry *entries; /* one per entry point of the model */
  dlc_uint64 lost_runs;       /* that do not count, because a buffer was too small for their events */
  /// Called by dlc_profile_read for every event, unless it is null.
  void (*visit)(void *self, const dlc_profile_event *event);
  void *visit_self;

  dlc_launch_info *launches;
  dlc_recorder *recorders;    /* one per thread */
  dlc_uint64 **buffers;       /* one per thread */
  dlc_uint64 words;           /* of each buffer */
  const dlc_uint64 **cursors; /* of each thread: the first event that is not counted yet */
  dlc_recording start;
  double nanoseconds_per_tick;
  void *recorder_memory; /* that holds `recorders` */
  dlc_pace *paces;       /* one per entry point */
} dlc_profile;

/// Ends the recording and frees the profile. Null is fine.
static inline void dlc_profile_release(dlc_profile *profile) {
  if (!profile)
    return;
  profile->context->api->context_record(profile->context, NULL, 0, NULL);
  for (dlc_uint32 i = 0; profile->buffers && i < profile->threads; ++i)
    free(profile->buffers[i]);
  free(profile->launches);
  free(profile->rows);
  free(profile->entries);
  free(profile->recorder_memory);
  free(profile->paces);
  free(profile->buffers);
  free((void *)profile->cursors);
  free(profile);
}

/// Makes buffers of `words` words per thread, and lets the context's threads write to them. Nonzero without memory.
static inline int dlc_profile_make_buffers(dlc_profile *profile, dlc_uint64 words) {
  for (dlc_uint32 i = 0; i < profile->threads; ++i) {
    dlc_uint64 *buffer = (dlc_uint64 *)malloc(words * sizeof *buffer);
    if (!buffer)
      return 1;
    memset(buffer, 0, words * sizeof *buffer); /* no run has to wait for the system to find pages */
    free(profile->buffers[i]);
    profile->buffers[i] = buffer;
    profile->recorders[i].next = buffer;
    profile->recorders[i].end = buffer + words;
    profile->recorders[i].lost = 0;
  }
  profile->words = words;
  return 0;
}

/// What recording a word of an event costs, in hundredths of ticks: an event's two looks at the clock and its words.
static inline dlc_uint64 dlc_profile_measure_cost(dlc_uint64 *buffer) {
  enum { EVENTS = 1024, ROUNDS = 5 };
  dlc_uint64 least = ~(dlc_uint64)0;
  for (int round = 0; round < ROUNDS; ++round) {
    dlc_uint64 begin = dlc_ticks();
    for (dlc_uint64 i = 0; i < EVENTS; ++i) {
      volatile dlc_uint64 *event = buffer + i * DLC_EVENT_WORDS;
      event[0] = dlc_ticks();
      event[1] = dlc_ticks();
      event[2] = event[3] = 0;
    }
    dlc_uint64 taken = dlc_ticks() - begin;
    least = taken < least ? taken : least;
  }
  /* Calls, caches and mispredicted branches make it two or three times that, and dlc_profile_read takes as long again:
   * together 5.3 times on Zen 4. */
  return 6 * 100 * least / (EVENTS * DLC_EVENT_WORDS) + 1;
}

/// Records all runs from now on, whatever that costs: for traces. Between runs.
static inline void dlc_profile_record_all(dlc_profile *profile) { profile->recorders[0].paces = NULL; }

/// Starts to profile the runs of a context, which must not be running. Its
/// threads stay as they are: dlc_context_set_threads ends the recording. One
/// profile of a context records at a time.
static inline dlc_int32 dlc_profile_create(dlc_context *context, dlc_error *error, dlc_profile **profile) {
  *profile = NULL;
  if (!context)
    return dlc_report(error, DLC_ERROR_ARGUMENT, "dlc_profile_create: there is no context%s%s", "", "");
  const dlc_program *program =
      DLC_HAS(dlc_runtime_api, context->api, context_record) ? dlc_choose_program(context->model, NULL) : NULL;
  if (!program || !DLC_HAS(dlc_program, program, launches))
    return dlc_report(error, DLC_ERROR_ABI, "model '%s' was compiled by %s, which had no profiles: compile it again",
                      context->model->name, context->model->compiler);
  dlc_profile *made = (dlc_profile *)calloc(1, sizeof *made);
  if (!made)
    return dlc_report(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for a profile%s%s", "", "");
  made->context = context;
  made->start.struct_bytes = sizeof made->start;
  dlc_int32 status = context->api->context_record(context, NULL, 0, &made->start);
  made->threads = made->start.threads;
  made->launches = dlc_read_launches(program, &made->launch_count);
  made->row_count = context->model->entry_count * made->launch_count;
  made->rows = (dlc_profile_row *)calloc(made->row_count + 1, sizeof *made->rows);
  made->entries = (dlc_profile_entry *)calloc(context->model->entry_count, sizeof *made->entries);
  /* Aligned by hand: C99 and C++11 have no function for it. */
  made->recorder_memory = calloc(made->threads + 2, sizeof *made->recorders);
  if (made->recorder_memory)
    made->recorders = (dlc_recorder *)(((uintptr_t)made->recorder_memory + 63) & ~(uintptr_t)63);
  made->paces = (dlc_pace *)calloc(context->model->entry_count, sizeof *made->paces);
  made->buffers = (dlc_uint64 **)calloc(made->threads + 1, sizeof *made->buffers);
  made->cursors = (const dlc_uint64 **)calloc(made->threads + 1, sizeof *made->cursors);
  if (!status && ((made->launch_count && !made->launches) || !made->rows || !made->entries || !made->recorders ||
                  !made->paces || !made->buffers || !made->cursors || dlc_profile_make_buffers(made, 1 << 17)))
    status = DLC_ERROR_OUT_OF_MEMORY;
  for (dlc_uint32 i = 0; !status && i < made->row_count; ++i)
    made->rows[i].launch = &made->launches[i % made->launch_count];
  if (!status) {
    dlc_uint64 cost = dlc_profile_measure_cost(made->buffers[0]), free_words = 1 << 12;
    for (dlc_uint32 e = 0; e < context->model->entry_count; ++e) {
      made->paces[e].cost = cost;
      made->paces[e].budget = made->paces[e].limit = (dlc_int64)(free_words * cost);
    }
    made->recorders[0].paces = made->paces;
    status = context->api->context_record(context, made->recorders, made->threads, &made->start);
  }
  if (status) {
    dlc_profile_release(made);
    return dlc_report(error, status, "cannot profile the context: %s%s", dlc_status_text(status), "");
  }
  *profile = made;
  return DLC_OK;
}

/// Adds one launch event to its row: `ticks` of the run's time and `waiting` of threads belong to it.
static inline void dlc_profile_count_launch(dlc_profile *profile, dlc_uint32 entry, const dlc_uint64 *event,
                                            dlc_uint32 thread, double ticks, double waiting) {
  dlc_uint32 number = (dlc_uint32)event[2], symbols = (dlc_uint32)(event[2] >> 48);
  if (number >= profile->launch_count)
    return;
  dlc_profile_row *row = &profile->rows[entry * profile->launch_count + number];
  double extent = dlc_evaluate_formula(&row->launch->extent, event + DLC_EVENT_WORDS, symbols);
  double share = extent > 0 ? (double)event[3] / extent : 1;
  row->calls += share;
  row->operations += share * dlc_evaluate_formula(&row->launch->operations, event + DLC_EVENT_WORDS, symbols);
  row->bytes += share * dlc_evaluate_formula(&row->launch->bytes, event + DLC_EVENT_WORDS, symbols);
  row->predicted += share * dlc_evaluate_formula(&row->launch->nanoseconds, event + DLC_EVENT_WORDS, symbols);
  row->ticks[0] += ticks;
  row->ticks[1] += (double)(event[1] - event[0]);
  row->ticks[2] += waiting;
  if (profile->visit) {
    dlc_profile_event visited = {DLC_EVENT_LAUNCH,
                                 thread,
                                 (double)(event[0] - profile->start.ticks) * profile->nanoseconds_per_tick,
                                 (double)(event[1] - event[0]) * profile->nanoseconds_per_tick,
                                 row,
                                 &profile->context->model->entries[entry],
                                 share};
    profile->visit(profile->visit_self, &visited);
  }
}

static inline const dlc_uint64 *dlc_profile_next(const dlc_uint64 *event) {
  return event + DLC_EVENT_WORDS + (event[2] >> 48);
}

/// Tells a visitor of an event of another kind than a launch.
static inline void dlc_profile_visit(dlc_profile *profile, dlc_uint32 entry, const dlc_uint64 *event) {
  if (!profile->visit)
    return;
  dlc_profile_event visited = {(dlc_uint32)(event[2] >> 32) & 0xffffu,
                               0,
                               (double)(event[0] - profile->start.ticks) * profile->nanoseconds_per_tick,
                               (double)(event[1] - event[0]) * profile->nanoseconds_per_tick,
                               NULL,
                               &profile->context->model->entries[entry],
                               1};
  profile->visit(profile->visit_self, &visited);
}

/// Counts work that threads have shared, `region`: its time belongs to its launches, in proportion to what threads
/// have spent in each. Those of the calling thread are from `own` to `region`.
static inline void dlc_profile_count_region(dlc_profile *profile, dlc_uint32 entry, const dlc_uint64 *own,
                                            const dlc_uint64 *region) {
  double busy = 0, wall = (double)(region[1] - region[0]);
  for (const dlc_uint64 *event = own; event < region; event = dlc_profile_next(event))
    busy += (double)(event[1] - event[0]);
  for (dlc_uint32 t = 1; t < profile->threads; ++t)
    for (const dlc_uint64 *event = profile->cursors[t]; event < profile->recorders[t].next && event[0] < region[1];
         event = dlc_profile_next(event))
      busy += (double)(event[1] - event[0]);
  double scale = busy > 0 ? 1 / busy : 0, waiting = wall * (double)region[3] - busy;
  for (const dlc_uint64 *event = own; event < region; event = dlc_profile_next(event)) {
    double part = (double)(event[1] - event[0]) * scale;
    dlc_profile_count_launch(profile, entry, event, 0, wall * part, waiting * part);
  }
  for (dlc_uint32 t = 1; t < profile->threads; ++t) {
    const dlc_uint64 *event = profile->cursors[t];
    for (; event < profile->recorders[t].next && event[0] < region[1]; event = dlc_profile_next(event)) {
      double part = (double)(event[1] - event[0]) * scale;
      dlc_profile_count_launch(profile, entry, event, t, wall * part, waiting * part);
    }
    profile->cursors[t] = event;
  }
  dlc_profile_visit(profile, entry, region);
}

/// Counts one run: the events of the calling thread from `event` to `run`, which is the run's own.
static inline void dlc_profile_count_run(dlc_profile *profile, const dlc_uint64 *event, const dlc_uint64 *run) {
  dlc_uint32 entry = (dlc_uint32)run[2];
  const dlc_uint64 *pending = event; /* launches of which it is not known yet whether they are a part of shared work */
  for (; event <= run; event = dlc_profile_next(event)) {
    if (((event[2] >> 32) & 0xffffu) == DLC_EVENT_LAUNCH)
      continue;
    /* Shared work is written behind its launches. */
    for (; pending < event && (event == run || pending[0] < event[0]); pending = dlc_profile_next(pending))
      dlc_profile_count_launch(profile, entry, pending, 0, (double)(pending[1] - pending[0]), 0);
    if (event != run)
      dlc_profile_count_region(profile, entry, pending, event);
    pending = dlc_profile_next(event);
  }
  profile->entries[entry].runs += 1;
  profile->entries[entry].ticks += (double)(run[1] - run[0]);
  dlc_profile_visit(profile, entry, run);
}

/// Counts what has been recorded since the last call. Between runs; rows and
/// entries are right afterwards. Where events did not fit, the runs since the
/// last call do not count, and later ones have twice the room.
static inline dlc_int32 dlc_profile_read(dlc_profile *profile) {
  dlc_recording now = {sizeof now, 0, 0, 0};
  dlc_int32 status =
      profile->context->api->context_record(profile->context, profile->recorders, profile->threads, &now);
  if (status)
    return status;
  profile->nanoseconds_per_tick =
      now.ticks > profile->start.ticks
          ? (double)(now.nanoseconds - profile->start.nanoseconds) / (double)(now.ticks - profile->start.ticks)
          : 1;
  dlc_uint64 lost = 0;
  for (dlc_uint32 i = 0; i < profile->threads; ++i) {
    lost += profile->recorders[i].lost;
    profile->cursors[i] = profile->buffers[i];
  }
  const dlc_uint64 *begin = profile->buffers[0];
  for (const dlc_uint64 *event = begin; event < profile->recorders[0].next; event = dlc_profile_next(event)) {
    if (((event[2] >> 32) & 0xffffu) != DLC_EVENT_RUN)
      continue;
    if (lost)
      ++profile->lost_runs;
    else
      dlc_profile_count_run(profile, begin, event);
    begin = dlc_profile_next(event);
  }
  for (dlc_uint32 i = 0; i < profile->threads; ++i) {
    profile->recorders[i].next = profile->buffers[i];
    profile->recorders[i].lost = 0;
  }
  for (dlc_uint32 i = 0; i < profile->row_count; ++i) {
    dlc_profile_row *row = &profile->rows[i];
    row->nanoseconds = row->ticks[0] * profile->nanoseconds_per_tick;
    row->busy_nanoseconds = row->ticks[1] * profile->nanoseconds_per_tick;
    row->waiting_nanoseconds = row->ticks[2] * profile->nanoseconds_per_tick;
  }
  for (dlc_uint32 i = 0; i < profile->context->model->entry_count; ++i) {
    *(lost ? &profile->lost_runs : &profile->entries[i].skipped) += profile->paces[i].skipped;
    profile->paces[i].skipped = 0;
    profile->entries[i].nanoseconds = profile->entries[i].ticks * profile->nanoseconds_per_tick;
  }
  return lost && dlc_profile_make_buffers(profile, 2 * profile->words) ? DLC_ERROR_OUT_OF_MEMORY : DLC_OK;
}

/// Whether it is time for dlc_profile_read: a buffer is half full. Between runs.
static inline int dlc_profile_is_half_full(const dlc_profile *profile) {
  for (dlc_uint32 i = 0; i < profile->threads; ++i)
    if ((dlc_uint64)(profile->recorders[i].next - profile->buffers[i]) >= profile->words / 2 ||
        profile->recorders[i].lost)
      return 1;
  return 0;
}

#ifdef __cplusplus
}
#endif
#endif /* DLC_PROFILE_H */
