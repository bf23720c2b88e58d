// SPDX-License-Identifier: Apache-2.0
#include "Device.h"

#include "../core/ContextMessage.h"
#include "../core/Lock.h"
#include "../core/Text.h"
#include "Selection.h"

static Device *devices;
static dlc_uint32 devicesLock;

Device *dlcDeviceFind(Context *context) {
  dlcLock(&devicesLock);
  Device *device = devices;
  while (device && device->context != context)
    device = device->next;
  dlcUnlock(&devicesLock);
  return device;
}

/// Bytes of the tables of tensors, segments and states, at least 1.
static dlc_uint64 tableBytes(const Device *device) {
  return ((dlc_uint64)device->tensorCount + device->segmentCount) * sizeof(DeviceBlock) +
         device->stateCount * sizeof(ResidentState) + 1;
}

/// Notes which states the core reads before a run.
static void noteChecks(Device *device) {
  const dlc_model *model = device->context->face.model;
  for (dlc_uint32 e = 0; e < model->entry_count; ++e)
    for (dlc_uint32 c = 0; c < model->entries[e].check_count; ++c) {
      const dlc_index_check *check = &model->entries[e].checks[c];
      if (check->flags & DLC_CHECK_ROOM)
        device->states[model->entries[e].states[check->tensor].slot].isChecked = 1;
    }
}

/// Tables for the tensors, states and segments of the largest entry point.
static dlc_int32 makeTables(Device *device) {
  Context *context = device->context;
  const dlc_model *model = context->face.model;
  for (dlc_uint32 i = 0; i < model->entry_count; ++i) {
    const dlc_entry_point *entry = &model->entries[i];
    dlc_uint32 tensors = entry->input_count + entry->output_count;
    device->tensorCount = device->tensorCount > tensors ? device->tensorCount : tensors;
    device->entryStateCount =
        device->entryStateCount > entry->state_count ? device->entryStateCount : entry->state_count;
  }
  device->segmentCount = context->segmentCount;
  device->stateCount = model->state_count;
  device->tensors = dlcAllocate(&context->allocator, tableBytes(device));
  if (!device->tensors)
    return DLC_ERROR_OUT_OF_MEMORY;
  memset(device->tensors, 0, tableBytes(device));
  device->segments = device->tensors + device->tensorCount;
  device->states = (ResidentState *)(device->segments + device->segmentCount);
  noteChecks(device);
  return DLC_OK;
}

static void releaseBlock(Device *device, DeviceBlock *block) {
  if (block->data)
    device->driver->cuMemFree_v2(block->data);
  *block = (DeviceBlock){0, 0};
}

/// Frees what the device holds. Errors of a driver that is being unloaded with the process do not matter.
static void destroy(Device *device) {
  const Driver *driver = device->driver;
  const dlc_allocator *allocator = &device->context->allocator;
  // A forked child has nothing of its parent's on the device.
  if (device->cuda && device->process == getpid() && !driver->cuCtxPushCurrent_v2(device->cuda)) {
    driver->cuStreamSynchronize(device->stream);
    for (dlc_uint32 i = 0; i < device->moduleCount; ++i)
      driver->cuModuleUnload(device->modules[i].module);
    for (dlc_uint32 i = 0; device->tensors && i < device->tensorCount + device->segmentCount; ++i)
      releaseBlock(device, &device->tensors[i]);
    for (dlc_uint32 i = 0; device->tensors && i < device->stateCount; ++i) {
      releaseBlock(device, &device->states[i].now);
      releaseBlock(device, &device->states[i].next);
    }
    releaseBlock(device, &device->constants);
    releaseBlock(device, &device->prepared);
    releaseBlock(device, &device->workspace);
    if (device->variables)
      device->dropVariables(device);
    releaseBlock(device, &device->scratch.block);
    if (device->stream && device->ownsStream)
      driver->cuStreamDestroy_v2(device->stream);
    CUcontext popped;
    driver->cuCtxPopCurrent_v2(&popped);
    driver->cuDevicePrimaryCtxRelease_v2(device->ordinal);
  }
  dlcScratchDestroy(&device->thread.scratch);
  dlcRelease(allocator, device->modules, device->moduleCapacity * sizeof(LoadedModule));
  dlcRelease(allocator, device->kernels, device->kernelCapacity * sizeof(LoadedKernel));
  dlcRelease(allocator, device->tensors, tableBytes(device));
  dlcRelease(allocator, device->view, device->viewBytes);
  dlcRelease(allocator, device, sizeof(Device));
}

static dlc_int32 create(Context *context, dlc_error *error, Device **result) {
  const Driver *driver;
  dlc_int32 status = dlcDriverOpen(&driver, error);
  if (status)
    return status;
  Device *device = dlcAllocate(&context->allocator, sizeof(Device));
  if (!device)
    return dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for a context of model '%s'", context->face.model->name);
  memset(device, 0, sizeof *device);
  device->context = context;
  device->driver = driver;
  device->process = getpid();
  device->references = 1;
  device->thread.device = device;
  device->thread.scratch.context = context;
  status = dlcDeviceSelect(driver, context->face.model, context->program, context->deviceId, error, &device->ordinal);
  if (!status) {
    CUresult outcome = driver->cuDevicePrimaryCtxRetain(&device->cuda, device->ordinal);
    if (outcome)
      status = dlcDeviceRefuse(driver, context->face.model, context->deviceId, "cannot be used", outcome, error);
  }
  if (!status && makeTables(device))
    status =
        dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for a context of model '%s'", context->face.model->name);
  device->stream = context->stream;
  if (!status && !device->stream) {
    CUresult outcome = driver->cuCtxPushCurrent_v2(device->cuda);
    if (!outcome) {
      // In order with the legacy default stream, which is what other libraries pass tensors on unless told otherwise.
      outcome = driver->cuStreamCreate(&device->stream, CU_STREAM_DEFAULT);
      device->ownsStream = !outcome;
      CUcontext popped;
      driver->cuCtxPopCurrent_v2(&popped);
    }
    if (outcome)
      status = dlcDeviceRefuse(driver, context->face.model, context->deviceId, "gives no stream", outcome, error);
  }
  if (status) {
    destroy(device);
    return status;
  }
  *result = device;
  return DLC_OK;
}

dlc_int32 dlcDeviceAcquire(Context *context, dlc_error *error, Device **result) {
  Device *device = dlcDeviceFind(context);
  if (device) {
    __atomic_fetch_add(&device->references, 1, __ATOMIC_RELAXED);
    *result = device;
    return DLC_OK;
  }
  dlc_int32 status = create(context, error, &device);
  if (status)
    return status;
  dlcLock(&devicesLock);
  device->next = devices;
  devices = device;
  dlcUnlock(&devicesLock);
  *result = device;
  return DLC_OK;
}

void dlcDeviceRetain(Context *context) {
  Device *device = dlcDeviceFind(context);
  if (device)
    __atomic_fetch_add(&device->references, 1, __ATOMIC_RELAXED);
}

void dlcDeviceRelease(Context *context) {
  Device *device = dlcDeviceFind(context);
  if (!device || __atomic_sub_fetch(&device->references, 1, __ATOMIC_ACQ_REL))
    return;
  dlcLock(&devicesLock);
  for (Device **link = &devices; *link; link = &(*link)->next)
    if (*link == device) {
      *link = device->next;
      break;
    }
  dlcUnlock(&devicesLock);
  destroy(device);
}

/// Fails a run with a message of its own, in place of what the core says of kernels that fail.
#define failRun(context, ...) ((context)->hasMessage = 1, dlcContextFail(context, __VA_ARGS__))

dlc_int32 dlcDeviceEnter(Device *device) {
  if (device->process != getpid())
    return failRun(device->context, DLC_ERROR_DEVICE_LOST,
                   "this process was forked from the one that created the context, and a GPU does not follow a "
                   "fork: create a context in the child");
  device->failure = device->driver->cuCtxPushCurrent_v2(device->cuda);
  return dlcDeviceStatus(device);
}

void dlcDeviceLeave(Device *device) {
  CUcontext popped;
  device->driver->cuCtxPopCurrent_v2(&popped);
}

int dlcDeviceFailed(Device *device, CUresult result) {
  if (result && !device->failure)
    device->failure = result;
  return result != CUDA_SUCCESS;
}

dlc_int32 dlcDeviceGrow(Device *device, DeviceBlock *block, dlc_uint64 bytes, const char *what) {
  if (block->data && bytes <= block->bytes)
    return DLC_OK;
  // Whatever is still at work in the block ends before it is freed.
  if (block->data)
    device->driver->cuStreamSynchronize(device->stream);
  releaseBlock(device, block);
  bytes = (bytes + 255) & ~(dlc_uint64)255;
  bytes = bytes ? bytes : 256;
  CUresult result = device->driver->cuMemAlloc_v2(&block->data, bytes);
  if (!result) {
    block->bytes = bytes;
    return DLC_OK;
  }
  block->data = 0;
  if (result == CUDA_ERROR_OUT_OF_MEMORY)
    return failRun(device->context, DLC_ERROR_OUT_OF_MEMORY, "GPU %d has no room for the %u bytes of %s",
                   (dlc_int64)device->context->deviceId, bytes, what);
  device->failure = result;
  return dlcDeviceStatus(device);
}

dlc_int32 dlcDeviceStatus(Device *device) {
  if (!device->failure)
    return DLC_OK;
  Context *context = device->context;
  const char *text = dlcDriverText(device->driver, device->failure);
  switch (device->failure) {
  case CUDA_ERROR_OUT_OF_MEMORY:
    return failRun(context, DLC_ERROR_OUT_OF_MEMORY, "GPU %d has no memory left for a kernel",
                   (dlc_int64)context->deviceId);
  case CUDA_ERROR_NO_BINARY_FOR_GPU:
  case CUDA_ERROR_INVALID_PTX:
  case CUDA_ERROR_UNSUPPORTED_PTX_VERSION:
    return failRun(context, DLC_ERROR_CAPABILITY,
                   "the driver cannot compile the kernels of model '%s' for GPU %d: %s; it may be too old for "
                   "them",
                   context->face.model->name, (dlc_int64)context->deviceId, text);
  default:
    return failRun(
        context, DLC_ERROR_DEVICE_LOST,
        "GPU %d has failed: %s. What was on it is lost; outputs, and what has been copied to the host before, are as "
        "they were",
        (dlc_int64)context->deviceId, text);
  }
}
