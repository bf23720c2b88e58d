// SPDX-License-Identifier: Apache-2.0
#include "StateAccess.h"

#include "ContextEntry.h"
#include "ContextMessage.h"
#include "State.h"
#include "TensorCheck.h"
#include "Text.h"

dlc_int32 dlcContextReset(dlc_context *face) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  for (dlc_uint32 slot = 0; slot < context->face.model->state_count; ++slot)
    context->kept[slot].hasShape = 0;
  dlcContextLeave(context);
  return DLC_OK;
}

/// The state called `name`, or null with a message.
static KeptState *findState(Context *context, const char *name) {
  for (dlc_uint32 slot = 0; name && slot < context->face.model->state_count; ++slot)
    if (context->kept[slot].info && dlcIsSameText(context->kept[slot].info->name, name))
      return &context->kept[slot];
  dlcContextFail(context, DLC_ERROR_NOT_FOUND, "model '%s' has no state '%s'", context->face.model->name, name);
  return (KeptState *)0;
}

/// Gives the state its declared shape and zeros, if it has none yet; fails if
/// that depends on a run. `given` (may be null) says what symbols are.
static dlc_int32 giveShape(Context *context, KeptState *state, const dlc_int64 *given) {
  if (state->hasShape)
    return DLC_OK;
  const dlc_tensor_info *info = state->info;
  dlc_uint64 bytes = dlcElementBytes(info->element_type);
  for (dlc_uint32 d = 0; d < info->rank; ++d) {
    dlc_int64 extent = info->dims[d] >= 0 || !given ? info->dims[d] : given[d];
    if (extent < 0)
      return dlcContextFail(context, DLC_ERROR_STATE,
                            "state '%s' has no shape yet: its first run determines dimension %u", info->name,
                            (dlc_uint64)d);
    if (dlcMultiplyOverflows(bytes, (dlc_uint64)extent, &bytes))
      return dlcContextFail(context, DLC_ERROR_OVERFLOW, "the size of state '%s' does not fit 64 bits", info->name);
    state->dims[d] = extent;
  }
  dlc_int32 status = dlcStateGrow(context, info, &state->now, &state->nowBytes, bytes);
  if (!status && !(info->flags & DLC_TENSOR_IN_PLACE))
    status = dlcStateGrow(context, info, &state->next, &state->nextBytes, bytes);
  if (status)
    return status;
  memset(state->now, 0, bytes);
  state->hasShape = 1;
  return DLC_OK;
}

dlc_int32 dlcStateShape(dlc_context *face, const char *name, dlc_int64 *dims) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  KeptState *state = findState(context, name);
  status = state ? giveShape(context, state, (const dlc_int64 *)0) : DLC_ERROR_NOT_FOUND;
  if (!status && state->info->rank && !dims)
    status = dlcContextFail(context, DLC_ERROR_ARGUMENT, "no array for the extents of state '%s'", name);
  for (dlc_uint32 d = 0; !status && d < state->info->rank; ++d)
    dims[d] = state->dims[d];
  dlcContextLeave(context);
  return status;
}

/// Copies between a state and a tensor of its type and shape.
static dlc_int32 transfer(dlc_context *face, const char *name, const dlc_tensor *tensor, int isWrite) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  KeptState *state = findState(context, name);
  if (!state)
    status = DLC_ERROR_NOT_FOUND;
  else if (!tensor)
    status = dlcContextFail(context, DLC_ERROR_ARGUMENT, "no tensor for state '%s'", name);
  void *first;
  dlc_byte *end;
  if (!status) {
    // Messages refer to state 'X' of the model.
    dlc_entry_point owner = {.name = context->face.model->name};
    Subject subject = {context, &owner, state->info, tensor, "state", 1};
    status = dlcCheckKind(&subject);
    const dlc_int64 *expected = state->hasShape ? state->dims : state->info->dims;
    for (dlc_uint32 d = 0; !status && d < state->info->rank; ++d)
      if (expected[d] >= 0 ? tensor->shape[d] != expected[d] : isWrite && tensor->shape[d] < 0) {
        char given[DLC_SHAPE_TEXT];
        dlcFormatShape(given, sizeof given, tensor->shape, state->info->rank);
        status =
            dlcContextFail(context, DLC_ERROR_SHAPE, "the tensor has shape %s, and dimension %u of state '%s' is %d",
                           given, (dlc_uint64)d, name, expected[d] < 0 ? 0 : expected[d]);
      }
    if (!status)
      status = dlcCheckMemory(&subject, (const dlc_uint64 *)0, &first, &end);
    // Last, so that a call that fails gives the state no shape.
    if (!status)
      status = giveShape(context, state, isWrite ? tensor->shape : (const dlc_int64 *)0);
  }
  if (!status && isWrite)
    memcpy(state->now, first, (dlc_uint64)(end - (dlc_byte *)first));
  else if (!status)
    memcpy(first, state->now, (dlc_uint64)(end - (dlc_byte *)first));
  dlcContextLeave(context);
  return status;
}

dlc_int32 dlcStateRead(dlc_context *context, const char *name, const dlc_tensor *tensor) {
  return transfer(context, name, tensor, 0);
}

dlc_int32 dlcStateWrite(dlc_context *context, const char *name, const dlc_tensor *tensor) {
  return transfer(context, name, tensor, 1);
}
