// SPDX-License-Identifier: Apache-2.0
/// \file
/// Stopping a run from another thread or a signal handler. A run does not look
/// for it: whoever cancels makes the first word of each thread's scratch, at which
/// every launch looks, differ from null, and dlcRecordLaunch, which the launch then
/// calls, ends the run.
#ifndef DLC_CORE_CANCEL_H
#define DLC_CORE_CANCEL_H

#include "Context.h"

/// What generated code calls before it changes variables: from here on the run
/// completes, as half of an update would be worse than a late answer.
void dlcCommitRun(const dlc_call *call);

/// dlc_context_cancel and, if `isCancelled` is 0, dlc_context_resume.
dlc_int32 dlcContextCancel(dlc_context *context, dlc_int32 isCancelled);

/// Waits until nobody who cancels looks at the team that the context had before.
void dlcCancelSettle(void);

#endif // DLC_CORE_CANCEL_H
