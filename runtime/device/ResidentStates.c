// SPDX-License-Identifier: Apache-2.0
#include "ResidentStates.h"

#include "../core/ContextEntry.h"
#include "../core/StateAccess.h"
#include "../core/Text.h"
#include "Transfer.h"

static int isInPlace(const dlc_tensor_info *info) { return (info->flags & DLC_TENSOR_IN_PLACE) != 0; }

/// Bytes of a state that has a shape.
static dlc_uint64 stateBytes(const KeptState *state) {
  dlc_uint64 bytes = ((state->info->element_type & 0xff) + 7) / 8;
  for (dlc_uint32 d = 0; d < state->info->rank; ++d)
    bytes *= (dlc_uint64)state->dims[d];
  return bytes;
}

/// Puts the value of a state that the device does not have into its block there.
static dlc_int32 provideValue(Device *device, const KeptState *kept, ResidentState *state, dlc_uint64 bytes) {
  dlc_int32 status = dlcDeviceGrow(device, &state->now, bytes, "a state");
  if (status)
    return status;
  if (!kept->isNew)
    dlcDeviceUpload(device, state->now.data, kept->now, bytes);
  else if (bytes && !device->failure)
    dlcDeviceFailed(device, device->driver->cuMemsetD8Async(state->now.data, 0, bytes, device->stream));
  state->isNewer = 0;
  return DLC_OK;
}

dlc_int32 dlcResidentStatesBegin(Device *device, const dlc_entry_point *entry, dlc_byte **states,
                                 dlc_byte **nextStates) {
  dlc_int32 status = DLC_OK;
  for (dlc_uint32 i = 0; !status && i < entry->state_count; ++i) {
    const dlc_tensor_info *info = &entry->states[i];
    const KeptState *kept = &device->context->kept[info->slot];
    ResidentState *state = &device->states[info->slot];
    dlc_uint64 bytes = stateBytes(kept);
    if (!state->isCurrent || kept->isNew)
      status = provideValue(device, kept, state, bytes);
    if (!status && !isInPlace(info))
      status = dlcDeviceGrow(device, &state->next, bytes, "a state");
    states[i] = (dlc_byte *)state->now.data;
    nextStates[i] = (dlc_byte *)(isInPlace(info) ? state->now.data : state->next.data);
  }
  return status;
}

void dlcResidentStatesEnd(Device *device, const dlc_entry_point *entry, int ok) {
  for (dlc_uint32 i = 0; i < entry->state_count; ++i) {
    const dlc_tensor_info *info = &entry->states[i];
    const KeptState *kept = &device->context->kept[info->slot];
    ResidentState *state = &device->states[info->slot];
    if (!ok) {
      // Where the host has the value, too, its copy is one that the run cannot have touched.
      state->isCurrent = state->isNewer;
      continue;
    }
    if (!isInPlace(info)) {
      DeviceBlock block = state->now;
      state->now = state->next;
      state->next = block;
    }
    state->isCurrent = 1;
    state->isNewer = !state->isChecked;
    if (state->isChecked)
      // The core makes `next` the value when this run is over.
      dlcDeviceDownload(device, isInPlace(info) ? kept->now : kept->next, state->now.data, stateBytes(kept));
  }
}

/// The number of the state called `name`; that of states if there is none.
static dlc_uint32 findSlot(const Context *context, const char *name) {
  dlc_uint32 slot = 0, count = context->face.model->state_count;
  while (name && slot < count && !(context->kept[slot].info && dlcIsSameText(context->kept[slot].info->name, name)))
    ++slot;
  return name ? slot : count;
}

/// Brings the value of a state to the host.
static dlc_int32 bringToHost(Device *device, dlc_uint32 slot) {
  ResidentState *state = &device->states[slot];
  const KeptState *kept = &device->context->kept[slot];
  if (!state->isNewer || !kept->hasShape)
    return DLC_OK;
  dlc_int32 status = dlcDeviceEnter(device);
  if (status)
    return status;
  dlcDeviceDownload(device, kept->now, state->now.data, stateBytes(kept));
  dlcDeviceWait(device);
  status = dlcDeviceStatus(device);
  if (!status)
    state->isNewer = 0;
  dlcDeviceLeave(device);
  return status;
}

dlc_int32 dlcResidentStateRead(dlc_context *face, const char *name, const dlc_tensor *tensor) {
  Context *context = (Context *)face;
  dlc_int32 status = dlcContextEnter(context);
  if (status)
    return status;
  dlc_uint32 slot = findSlot(context, name);
  if (slot < face->model->state_count)
    status = bringToHost(dlcDeviceFind(context), slot);
  dlcContextLeave(context);
  return status ? status : dlcStateRead(face, name, tensor);
}

dlc_int32 dlcResidentStateWrite(dlc_context *face, const char *name, const dlc_tensor *tensor) {
  dlc_int32 status = dlcStateWrite(face, name, tensor);
  Context *context = (Context *)face;
  if (status || dlcContextEnter(context))
    return status;
  ResidentState *state = &dlcDeviceFind(context)->states[findSlot(context, name)];
  state->isCurrent = state->isNewer = 0;
  dlcContextLeave(context);
  return DLC_OK;
}

dlc_int32 dlcResidentContextReset(dlc_context *face) {
  dlc_int32 status = dlcContextReset(face);
  Context *context = (Context *)face;
  if (status || dlcContextEnter(context))
    return status;
  Device *device = dlcDeviceFind(context);
  for (dlc_uint32 slot = 0; slot < face->model->state_count; ++slot)
    device->states[slot].isCurrent = device->states[slot].isNewer = 0;
  dlcContextLeave(context);
  return DLC_OK;
}
