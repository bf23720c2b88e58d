// SPDX-License-Identifier: Apache-2.0
/// \file
/// One call at a time: who is in a context, and what a call may ask of it.
#ifndef DLC_CORE_CONTEXTENTRY_H
#define DLC_CORE_CONTEXTENTRY_H

#include "Context.h"
#include "Lock.h"

/// Takes over a context that a thread of process `holder` is in; returns
/// nonzero if that is this process. One that was in a call when this process
/// was forked is then as a reset one.
int dlcContextTakeOver(Context *context, dlc_uint32 holder);

/// Takes the context for this thread, until dlcContextLeave. DLC_ERROR_ARGUMENT
/// if `context` is null, DLC_ERROR_BUSY if another thread has it.
dlc_int32 dlcContextEnter(Context *context);
static inline void dlcContextLeave(Context *context) { __atomic_store_n(&context->holder, 0, __ATOMIC_RELEASE); }

/// The code of `entry`, one of the context's model.
static inline const dlc_entry_code *dlcContextCode(const Context *context, const dlc_entry_point *entry) {
  return &context->program->entries[entry - context->face.model->entries];
}

/// Whether `entry` is one of the context's model; writes the message if it is not.
int dlcContextHasEntry(Context *context, const dlc_entry_point *entry);

/// Whether `values` are within the bounds of the entry's symbols.
dlc_int32 dlcContextCheckSymbols(Context *context, const dlc_entry_point *entry, const dlc_int64 *values);

#endif // DLC_CORE_CONTEXTENTRY_H
