// SPDX-License-Identifier: Apache-2.0
/// \file
/// Events: what a thread of a context has run, and when. They are written only
/// while the thread's scratch has a recorder.
#ifndef DLC_CORE_RECORDER_H
#define DLC_CORE_RECORDER_H

#include "Base.h"

struct dlc_scratch;
struct Team;

/// What a launch calls instead of going on, if the thread is recorded: runs the
/// launch, as if it were not recorded, and writes an event. `site` says which
/// launch it is (dlc_site_field). Never inlined: every launch has a call of it.
__attribute__((noinline, cold)) dlc_int32 dlcRecordLaunch(const void *arguments, dlc_int64 begin, dlc_int64 end,
                                                          struct dlc_scratch *scratch, dlc_task launch,
                                                          dlc_uint64 site);

/// To be called before and after what an event of another `kind` is of.
__attribute__((noinline, cold)) void dlcRecordStart(dlc_recorder *recorder, dlc_uint32 kind);
__attribute__((noinline, cold)) void dlcRecordStop(dlc_recorder *recorder, dlc_uint32 kind, dlc_uint32 number,
                                                   dlc_uint64 size);

/// To be called before and after a run of entry point `number`, if the team has
/// recorders. Decides whether the run is recorded (dlc_pace).
__attribute__((noinline, cold)) void dlcRecordRunStart(struct Team *team, dlc_uint32 number);
__attribute__((noinline, cold)) void dlcRecordRunStop(struct Team *team, dlc_uint32 number);

/// Gives the threads their recorders, or takes them away.
void dlcSetRecorded(struct Team *team, dlc_uint32 isRecorded);

/// Lets thread i of the context write events to recorders[i], for which there
/// must be as many as threads; null ends it. `recording` (may be null) is filled
/// in either case. New threads (context_set_threads) have no recorders.
dlc_int32 dlcContextRecord(dlc_context *context, dlc_recorder *recorders, dlc_uint32 count, dlc_recording *recording);

#endif // DLC_CORE_RECORDER_H
