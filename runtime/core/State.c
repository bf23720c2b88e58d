// SPDX-License-Identifier: Apache-2.0
#include "State.h"

#include "ContextMessage.h"
#include "Text.h"

/// The extent of `dim` of a state.
static dlc_int64 resolveDim(dlc_int64 dim, const dlc_int64 *symbols) { return dim >= 0 ? dim : symbols[-(dim + 1)]; }

dlc_uint64 dlcStateDims(const dlc_model *model) {
  dlc_uint64 dims = 0;
  for (dlc_uint32 slot = 0; slot < model->state_count; ++slot)
    for (dlc_uint32 i = 0, isFound = 0; i < model->entry_count && !isFound; ++i)
      for (dlc_uint32 j = 0; j < model->entries[i].state_count && !isFound; ++j)
        if (model->entries[i].states[j].slot == slot) {
          dims += model->entries[i].states[j].rank;
          isFound = 1;
        }
  return dims;
}

void dlcStateTables(Context *context, dlc_int64 *dims) {
  const dlc_model *model = context->face.model;
  memset(context->kept, 0, model->state_count * sizeof(KeptState));
  for (dlc_uint32 i = 0; i < model->entry_count; ++i)
    for (dlc_uint32 j = 0; j < model->entries[i].state_count; ++j) {
      const dlc_tensor_info *info = &model->entries[i].states[j];
      KeptState *state = &context->kept[info->slot];
      if (state->info)
        continue;
      state->info = info;
      state->dims = dims;
      dims += info->rank;
    }
}

dlc_int32 dlcStateGrow(Context *context, const dlc_tensor_info *info, dlc_byte **block, dlc_uint64 *blockBytes,
                       dlc_uint64 bytes) {
  // Also without elements a kernel gets an address.
  if (*block && bytes <= *blockBytes)
    return DLC_OK;
  bytes = bytes ? bytes : DLC_CACHE_LINE;
  dlc_byte *memory = dlcAllocate(&context->allocator, bytes);
  if (!memory)
    return dlcContextFail(context, DLC_ERROR_OUT_OF_MEMORY, "no memory for the %u bytes of state '%s'", bytes,
                          info->name);
  dlcRelease(&context->allocator, *block, *blockBytes);
  *block = memory;
  *blockBytes = bytes;
  return DLC_OK;
}

/// Memory for a state without shape, whose content does not count.
static dlc_int32 reserve(Context *context, const dlc_tensor_info *info, const dlc_int64 *symbols, dlc_uint64 *bytes) {
  KeptState *state = &context->kept[info->slot];
  *bytes = dlcElementBytes(info->element_type);
  for (dlc_uint32 d = 0; d < info->rank; ++d)
    if (dlcMultiplyOverflows(*bytes, (dlc_uint64)resolveDim(info->dims[d], symbols), bytes))
      return dlcContextFail(context, DLC_ERROR_OVERFLOW, "the size of state '%s' does not fit 64 bits", info->name);
  dlc_int32 status = dlcStateGrow(context, info, &state->now, &state->nowBytes, *bytes);
  if (!status && !(info->flags & DLC_TENSOR_IN_PLACE))
    status = dlcStateGrow(context, info, &state->next, &state->nextBytes, *bytes);
  return status;
}

dlc_int32 dlcStateReserve(Context *context, const dlc_entry_point *entry, const dlc_int64 *symbols) {
  dlc_uint64 bytes;
  dlc_int32 status = DLC_OK;
  for (dlc_uint32 i = 0; !status && i < entry->state_count; ++i)
    if (!context->kept[entry->states[i].slot].hasShape)
      status = reserve(context, &entry->states[i], symbols, &bytes);
  return status;
}

/// Whether the state has the shape that `info` asks for.
static int fits(const KeptState *state, const dlc_tensor_info *info, const dlc_int64 *symbols) {
  for (dlc_uint32 d = 0; d < info->rank; ++d)
    if (__builtin_expect(state->dims[d] != resolveDim(info->dims[d], symbols), 0))
      return 0;
  return 1;
}

static dlc_int32 failFit(Context *context, const KeptState *state, const dlc_tensor_info *info,
                         const dlc_int64 *symbols, const char *entryName) {
  char kept[DLC_SHAPE_TEXT], wanted[DLC_SHAPE_TEXT];
  dlcFormatShape(kept, sizeof kept, state->dims, info->rank);
  dlc_int64 dims[16];
  dlc_uint32 rank = info->rank < 16 ? info->rank : 16;
  for (dlc_uint32 d = 0; d < rank; ++d)
    dims[d] = resolveDim(info->dims[d], symbols);
  dlcFormatShape(wanted, sizeof wanted, dims, rank);
  return dlcContextFail(context, DLC_ERROR_STATE,
                        "state '%s' has shape %s from earlier runs, and the inputs of '%s' need %s: reset the context "
                        "first, or use another one",
                        info->name, kept, entryName, wanted);
}

dlc_int32 dlcStateBegin(Context *context, const dlc_entry_point *entry) {
  for (dlc_uint32 i = 0; i < entry->state_count; ++i) {
    const dlc_tensor_info *info = &entry->states[i];
    KeptState *state = &context->kept[info->slot];
    if (__builtin_expect(state->hasShape && !fits(state, info, context->symbols), 0))
      return failFit(context, state, info, context->symbols, entry->name);
  }
  for (dlc_uint32 i = 0; i < entry->state_count; ++i) {
    const dlc_tensor_info *info = &entry->states[i];
    KeptState *state = &context->kept[info->slot];
    if (__builtin_expect(!state->hasShape, 0)) {
      dlc_uint64 bytes;
      dlc_int32 status = reserve(context, info, context->symbols, &bytes);
      if (status) {
        dlcStateEnd(context, entry, 0);
        return status;
      }
      memset(state->now, 0, bytes);
      for (dlc_uint32 d = 0; d < info->rank; ++d)
        state->dims[d] = resolveDim(info->dims[d], context->symbols);
      state->hasShape = state->isNew = 1;
    } else if (__builtin_expect(!state->next && !(info->flags & DLC_TENSOR_IN_PLACE), 0)) {
      // Another entry point, which works in place, has given it its shape.
      dlc_int32 status = dlcStateGrow(context, info, &state->next, &state->nextBytes, state->nowBytes);
      if (status) {
        dlcStateEnd(context, entry, 0);
        return status;
      }
    }
    context->states[i] = state->now;
    context->nextStates[i] = info->flags & DLC_TENSOR_IN_PLACE ? state->now : state->next;
  }
  return DLC_OK;
}

void dlcStateEnd(Context *context, const dlc_entry_point *entry, int ok) {
  for (dlc_uint32 i = 0; i < entry->state_count; ++i) {
    KeptState *state = &context->kept[entry->states[i].slot];
    if (ok && !(entry->states[i].flags & DLC_TENSOR_IN_PLACE)) {
      dlc_byte *block = state->now;
      dlc_uint64 bytes = state->nowBytes;
      state->now = state->next;
      state->nowBytes = state->nextBytes;
      state->next = block;
      state->nextBytes = bytes;
    }
    if (!ok && state->isNew)
      state->hasShape = 0;
    state->isNew = 0;
  }
}
