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
void dlcStateEnd(Context *context, const dlc_entry_point *entry, int ok);

/// Makes `*block` at least `bytes` bytes long for the state `info`, with an address also if they are 0. What it held is
/// lost where it has to grow.
dlc_int32 dlcStateGrow(Context *context, const dlc_tensor_info *info, dlc_byte **block, dlc_uint64 *blockBytes,
                       dlc_uint64 bytes);

#endif // DLC_CORE_STATE_H
