// SPDX-License-Identifier: Apache-2.0
#include "ContextEntry.h"

#include "ContextMessage.h"
#include "Scratch.h"
#include "Stamp.h"
#include "StateMemory.h"

/// Makes good what a call that a fork has cut off may have left half done.
/// Memory that was being replaced is given up rather than freed twice.
static void forgetCall(Context *context) {
  context->workspace = (dlc_byte *)0;
  context->workspaceBytes = 0;
  context->ran = (const dlc_entry_point *)0;
  for (dlc_uint32 i = 0; i < context->segmentCount; ++i)
    context->segments[i] = (Segment){0};
  dlcStateForget(context);
  for (dlc_uint32 i = 0; i < context->team->threads; ++i) {
    dlc_uint64 wanted = context->team->scratches[i].wanted;
    context->team->scratches[i] = (struct dlc_scratch){.wanted = wanted, .context = context};
  }
  context->team->recorders = (dlc_recorder *)0;
  context->team->isRecorded = 0;
  context->stamp = dlcVariablesStamp(context->face.model, context->variables);
}

int dlcContextTakeOver(Context *context, dlc_uint32 holder) {
  dlc_uint32 generation = dlcGeneration();
  if (holder == generation ||
      !__atomic_compare_exchange_n(&context->holder, &holder, generation, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    return 1;
  forgetCall(context);
  return 0;
}

dlc_int32 dlcContextEnter(Context *context) {
  if (!context)
    return DLC_ERROR_ARGUMENT;
  dlc_uint32 holder = 0;
  if (!__atomic_compare_exchange_n(&context->holder, &holder, dlcGeneration(), 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED) &&
      dlcContextTakeOver(context, holder))
    return DLC_ERROR_BUSY;
  return DLC_OK;
}

int dlcContextHasEntry(Context *context, const dlc_entry_point *entry) {
  const dlc_model *model = context->face.model;
  dlc_uint64 offset = (dlc_uint64)entry - (dlc_uint64)model->entries;
  if (__builtin_expect(offset < model->entry_count * sizeof(dlc_entry_point) && offset % sizeof(dlc_entry_point) == 0,
                       1))
    return 1;
  // It may be a closed library's, so that not even its name can be read.
  dlcContextFail(
      context, DLC_ERROR_ARGUMENT,
      "the entry point is not one of the context's model '%s', but another model's, or the same model's from "
      "another library: look it up with dlc_find_entry(context->model, ...)",
      model->name);
  return 0;
}

dlc_int32 dlcContextCheckSymbols(Context *context, const dlc_entry_point *entry, const dlc_int64 *values) {
  for (dlc_uint32 s = 0; s < entry->symbol_count; ++s)
    if ((values[s] < entry->symbols[s].minimum || values[s] > entry->symbols[s].maximum) &&
        !(values[s] == -1 && entry->symbols[s].source == DLC_SYMBOL_COMPUTED))
      return dlcContextFail(context, DLC_ERROR_SYMBOL, "%s = %d is not within its bounds, %d to %d",
                            entry->symbols[s].name, values[s], entry->symbols[s].minimum, entry->symbols[s].maximum);
  return DLC_OK;
}
