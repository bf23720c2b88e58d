// SPDX-License-Identifier: Apache-2.0
#include "Device.h"

#include "../core/ContextMessage.h"
#include "../core/Lock.h"
#include "../core/Text.h"

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

/// Reports a failure at creation.
static dlc_int32 fail(const Driver *driver, Context *context, dlc_error *error, const char *step, CUresult result) {
  dlc_int32 status = result == CUDA_ERROR_OUT_OF_MEMORY ? DLC_ERROR_OUT_OF_MEMORY : DLC_ERROR_NO_DEVICE;
  return dlcFail(error, status, "model '%s' runs on an NVIDIA GPU, and GPU %d %s: %s", context->face.model->name,
                 (dlc_int64)context->deviceId, step, dlcDriverText(driver, result));
}

/// The compute capability that kernels require, such as 75.
static dlc_int32 requiredCapability(const dlc_program *program) {
  const dlc_device_code *code = DLC_HAS(dlc_program, program, device_code) ? program->device_code : 0;
  return code ? (dlc_int32)code->capability : 0;
}

/// Selects the GPU and checks that it can run the kernels.
static dlc_int32 selectDevice(Device *device, dlc_error *error) {
  const Driver *driver = device->driver;
  Context *context = device->context;
  dlc_int32 count = 0, major = 0, minor = 0;
  CUresult result = driver->cuDeviceGetCount(&count);
  if (result)
    return fail(driver, context, error, "cannot be looked for", result);
  if (context->deviceId < 0 || context->deviceId >= count) {
    if (!count)
      return dlcFail(error, DLC_ERROR_NO_DEVICE,
                     "model '%s' runs on an NVIDIA GPU, and this machine has a driver but no GPU",
                     context->face.model->name);
    return dlcFail(error, DLC_ERROR_NO_DEVICE, "there is no GPU number %d: this machine has %d, numbered from 0",
                   (dlc_int64)context->deviceId, (dlc_int64)count);
  }
  result = driver->cuDeviceGet(&device->ordinal, context->deviceId);
  if (!result)
    result = driver->cuDeviceGetAttribute(&major, CU_ATTRIBUTE_CAPABILITY_MAJOR, device->ordinal);
  if (!result)
    result = driver->cuDeviceGetAttribute(&minor, CU_ATTRIBUTE_CAPABILITY_MINOR, device->ordinal);
  if (result)
    return fail(driver, context, error, "does not say what it is", result);
  dlc_int32 required = requiredCapability(context->program);
  if (10 * major + minor < required) {
    char name[64] = "";
    driver->cuDeviceGetName(name, sizeof name, device->ordinal);
    return dlcFail(error, DLC_ERROR_CAPABILITY,
                   "model '%s' was compiled for GPUs of compute capability %d.%d and newer, and GPU %d (%s) has %d.%d: "
                   "compile it with another --target",
                   context->face.model->name, (dlc_int64)(required / 10), (dlc_int64)(required % 10),
                   (dlc_int64)context->deviceId, name, (dlc_int64)major, (dlc_int64)minor);
  }
  result = driver->cuDevicePrimaryCtxRetain(&device->cuda, device->ordinal);
  if (result)
    return fail(driver, context, error, "cannot be used", result);
  return DLC_OK;
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
    if (device->stream)
      driver->cuStreamDestroy_v2(device->stream);
    CUcontext popped;
    driver->cuCtxPopCurrent_v2(&popped);
    driver->cuDevicePrimaryCtxRelease_v2(device->ordinal);
  }
  dlcScratchDestroy(&device->thread.scratch);
  dlcRelease(allocator, device->modules, device->moduleCapacity * sizeof(LoadedModule));
  dlcRelease(allocator, device->kernels, device->kernelCapacity * sizeof(LoadedKernel));
  dlcRelease(allocator, device->tensors, tableBytes(device));
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
  status = selectDevice(device, error);
  if (!status && makeTables(device))
    status =
        dlcFail(error, DLC_ERROR_OUT_OF_MEMORY, "no memory for a context of model '%s'", context->face.model->name);
  if (!status) {
    CUresult outcome = driver->cuCtxPushCurrent_v2(device->cuda);
    if (!outcome) {
      outcome = driver->cuStreamCreate(&device->stream, CU_STREAM_NON_BLOCKING);
      CUcontext popped;
      driver->cuCtxPopCurrent_v2(&popped);
    }
    if (outcome)
      status = fail(driver, context, error, "gives no stream", outcome);
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
