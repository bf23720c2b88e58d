// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a context remembers from one run to the next.
///
/// A state has two blocks of memory, which are swapped after every run that
/// succeeds: kernels read the one and write the other, so that nothing is
/// copied and a run that fails changes nothing. A state that is updated in
/// place (a cache of which a run writes new rows only) has one.
#ifndef DLC_CORE_STATE_H
#define DLC_CORE_STATE_H

#include "Context.h"

/// Extents of all states of the model together, as entries of a table.
dlc_uint64 dlcStateDims(const dlc_model *model);

/// Sets up context->kept, whose extents are stored from `dims` on. All zero before.
void dlcStateTables(Context *context, dlc_int64 *dims);

/// Allocates what the states of `entry` need for these symbols.
dlc_int32 dlcStateReserve(Context *context, const dlc_entry_point *entry, const dlc_int64 *symbols);

/// Checks the states of `entry` against context->symbols, gives shape and
/// zeros to those that have none yet, and fills in context->states and
/// nextStates.
dlc_int32 dlcStateBegin(Context *context, const dlc_entry_point *entry);

/// Makes what the run has written the state, or (if it failed) forgets it.
void dlcStateEnd(Context *context, const dlc_entry_point *entry, int isFine);

void dlcStateDestroy(Context *context);

/// Forgets all state and the blocks of memory that hold it, without giving them back.
void dlcStateForget(Context *context);

/// Bytes of all states' blocks.
dlc_uint64 dlcStateBytes(const Context *context);

dlc_int32 dlcContextReset(dlc_context *context);
dlc_int32 dlcStateShape(dlc_context *context, const char *name, dlc_int64 *dims);
dlc_int32 dlcStateRead(dlc_context *context, const char *name, const dlc_tensor *tensor);
dlc_int32 dlcStateWrite(dlc_context *context, const char *name, const dlc_tensor *tensor);

#endif // DLC_CORE_STATE_H
